#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace crier::test {

/// A file that holds a text until the end of its scope.
class temporary_file {
public:
    explicit temporary_file(const std::string& text) {
        const int file = ::mkstemp(path_.data());
        if (file < 0 ||
            ::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            throw std::runtime_error{"no temporary file could be written"};
        }
        ::close(file);
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() { ::unlink(path_.c_str()); }

    const std::string& path() const noexcept { return path_; }

private:
    std::string path_ = "/tmp/crier-test-XXXXXX";
};

/// A directory until the end of its scope.
class temporary_directory {
public:
    temporary_directory() {
        if (::mkdtemp(path_.data()) == nullptr) {
            throw std::runtime_error{"no temporary directory could be made"};
        }
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory() { std::filesystem::remove_all(path_); }

    std::string file(const char* name) const { return path_ + '/' + name; }

private:
    std::string path_ = "/tmp/crier-test-XXXXXX";
};

} // namespace crier::test
