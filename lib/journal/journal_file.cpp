#include "journal_file.hpp"

#include <crier/wire/errc.hpp>

#include "journal_error.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace crier::detail {
namespace {

namespace fs = std::filesystem;
namespace sys = boost::system;

[[noreturn]] void fail(int error, std::string_view words) {
    throw journal_error{{error, sys::system_category()}, std::string{words}};
}

[[noreturn]] void fail(int error) {
    throw journal_error{
        {error, sys::system_category()}, sys::error_code{error, sys::system_category()}.message()};
}

void check_rights(const fs::path& to, int rights, std::string_view words) {
    if (::faccessat(AT_FDCWD, to.c_str(), rights, AT_EACCESS) == 0) {
        return;
    }
    if (errno == EACCES) {
        fail(EACCES, words);
    }
    fail(errno);
}

bool is_same(int file, const std::string& path) noexcept {
    struct stat opened{};
    struct stat found{};
    return ::fstat(file, &opened) == 0 && ::stat(path.c_str(), &found) == 0 &&
           opened.st_dev == found.st_dev && opened.st_ino == found.st_ino;
}

descriptor open_file(const std::string& path, int flags, mode_t mode) {
    // NOLINTNEXTLINE(*-vararg): the system's
    return descriptor{::open(path.c_str(), O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, mode)};
}

} // namespace

std::string journal_path(const std::string& given) {
    std::error_code error;
    const fs::path path = fs::weakly_canonical(fs::absolute(given, error), error);
    const fs::file_status found = error ? fs::file_status{} : fs::status(path, error);
    if (error && found.type() != fs::file_type::not_found) {
        fail(error.value());
    }
    if (fs::is_symlink(fs::symlink_status(path, error))) {
        fail(ENOENT, "it is a link to nothing");
    }
    if (fs::is_directory(found)) {
        fail(EISDIR, "it is a folder");
    }
    if (!fs::is_directory(path.parent_path(), error)) {
        fail(ENOENT, "its folder does not exist");
    }
    if (fs::exists(found) && !fs::is_regular_file(found)) {
        fail(EINVAL, "it is no regular file");
    }
    if (fs::exists(found)) {
        check_rights(path, R_OK | W_OK, "no right to read and write it");
    }
    check_rights(path.parent_path(), W_OK | X_OK, "no right to write in its folder");
    return path.string();
}

void make_private_file(const std::string& path) {
    constexpr mode_t for_owner = 0600;
    if (!open_file(path, O_RDWR | O_EXCL, for_owner) && errno != EEXIST) {
        fail(errno);
    }
}

journal_lock::journal_lock(const std::string& journal) : path_{journal + "-lock"} {
    do {
        constexpr mode_t for_all = 0644; // whoever may use the journal after a crash
        file_ = open_file(path_, O_RDONLY, for_all);
        if (!file_) {
            fail(errno);
        }
        if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) {
                throw journal_error{errc::journal_unusable, "another journal uses it"};
            }
            fail(errno);
        }
        // Who had it may have removed it since it was opened here.
    } while (!is_same(file_.get(), path_));
}

/// The file goes while it is still locked: who opens it later makes a new one.
journal_lock::~journal_lock() {
    if (is_same(file_.get(), path_)) {
        ::unlink(path_.c_str());
    }
}

file_identity::file_identity(std::string path) : path_{std::move(path)} {
    struct stat found{};
    if (::stat(path_.c_str(), &found) != 0) {
        fail(errno);
    }
    device_ = found.st_dev;
    number_ = found.st_ino;
}

bool file_identity::is_in_place() const noexcept {
    struct stat found{};
    return ::stat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == number_;
}

} // namespace crier::detail
