#pragma once

#include "async/descriptor.hpp"

#include <sys/types.h>

#include <string>

namespace crier::detail {

/// The path without links, from the root: the same for all that mean the same file.
///
/// Errors: throws `journal_error` where there can be no journal.
std::string journal_path(const std::string& given);

/// Makes the file where there is none, empty and for its owner only. SQLite would let all read it.
void make_private_file(const std::string& path);

/// That no other journal has the file, in this process or another one. It ends with the process,
/// however that ends. SQLite's own locks would let other threads of the process in.
class journal_lock {
public:
    /// Errors: throws `journal_error` where another one has it.
    explicit journal_lock(const std::string& journal);
    journal_lock(const journal_lock&) = delete;
    journal_lock& operator=(const journal_lock&) = delete;
    ~journal_lock();

private:
    std::string path_;
    descriptor file_;
};

/// Which file a path meant at first.
class file_identity {
public:
    explicit file_identity(std::string path);

    /// Whether the path still means it.
    bool is_in_place() const noexcept;

private:
    std::string path_;
    dev_t device_ = 0;
    ino_t number_ = 0;
};

} // namespace crier::detail
