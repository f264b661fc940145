#pragma once

#include <unistd.h>

#include <utility>

namespace bench {

/// A file descriptor, closed with its owner.
class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int file) noexcept : file_{file} {}
    descriptor(descriptor&& other) noexcept : file_{std::exchange(other.file_, -1)} {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { close(); }

    int get() const noexcept { return file_; }
    explicit operator bool() const noexcept { return file_ >= 0; }

    void close() noexcept {
        if (file_ >= 0) {
            ::close(std::exchange(file_, -1));
        }
    }

private:
    int file_ = -1;
};

} // namespace bench
