#pragma once

#include "file_on_disk.hpp"

#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace crier::test {

/// The disk that SQLite uses in its scope. It can be full, it can fail to synchronise, and it can
/// say what of its files would outlast a power failure.
class test_disk {
public:
    test_disk() {
        if (current != nullptr) {
            throw std::logic_error{"there is a test disk already"};
        }
        current = this;
        system_ = sqlite3_vfs_find(nullptr);
        own_ = *system_;
        own_.zName = "test_disk";
        own_.szOsFile = static_cast<int>(sizeof(file)) + system_->szOsFile;
        own_.pAppData = this;
        own_.xOpen = open;
        own_.xDelete = [](sqlite3_vfs* on, const char* path, int does_sync) {
            test_disk& disk = *static_cast<test_disk*>(on->pAppData);
            {
                const std::lock_guard lock{disk.mutex_};
                disk.files_.erase(path);
            }
            return disk.system_->xDelete(disk.system_, path, does_sync);
        };
        sqlite3_vfs_register(&own_, 1);
    }
    test_disk(const test_disk&) = delete;
    test_disk& operator=(const test_disk&) = delete;
    ~test_disk() {
        sqlite3_vfs_unregister(&own_);
        sqlite3_vfs_register(system_, 1);
        current = nullptr;
    }

    std::atomic<bool> is_full = false; ///< no file grows
    std::atomic<bool> fails_to_synchronize = false;
    std::atomic<int> synchronized = 0; ///< how often

    /// Puts there what a power failure now would leave, in files of the same names: nothing of what
    /// was not synchronised, or those sectors of it of which it is told.
    void fail_power(const std::string& folder, const std::function<bool()>& keeps = {}) {
        const std::lock_guard lock{mutex_};
        leave(folder, keeps);
    }

    /// The same later: before so many writes and synchronisations more.
    void fail_power_after(int calls, std::string folder, std::function<bool()> keeps) {
        const std::lock_guard lock{mutex_};
        calls_left_ = calls;
        later_ = [this, to = std::move(folder), some = std::move(keeps)] { leave(to, some); };
        has_failed = false;
    }
    std::atomic<bool> has_failed = false;

private:
    struct file {
        sqlite3_file base;
        const char* path;
    };

    /// The system's file stands behind its own.
    static sqlite3_file* real(sqlite3_file* of) {
        return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(of) + sizeof(file));
    }
    static const sqlite3_io_methods& of_system(sqlite3_file* of) { return *real(of)->pMethods; }

    void leave(const std::string& folder, const std::function<bool()>& keeps) {
        for (const auto& [path, state] : files_) {
            if (state.is_there(keeps != nullptr)) {
                std::ofstream to{folder + '/' + std::filesystem::path{path}.filename().string(),
                    std::ios::binary};
                to << state.left(keeps ? keeps : [] { return false; });
            }
        }
    }

    /// With the lock, before a call.
    void count_call() {
        if (later_ && calls_left_-- == 0) {
            std::exchange(later_, nullptr)();
            has_failed = true;
        }
    }

    /// What is known of a file; none of those without a name.
    file_on_disk* state_of(sqlite3_file* of) {
        const char* const path = reinterpret_cast<file*>(of)->path;
        return path == nullptr ? nullptr : &files_[path];
    }

    static int open(sqlite3_vfs* on, const char* path, sqlite3_file* to, int flags, int* given) {
        static const sqlite3_io_methods methods = all_methods();
        test_disk& disk = *static_cast<test_disk*>(on->pAppData);
        auto* const opened = reinterpret_cast<file*>(to);
        opened->path = path;
        const int result = disk.system_->xOpen(disk.system_, path, real(to), flags, given);
        opened->base.pMethods = real(to)->pMethods == nullptr ? nullptr : &methods;
        return result;
    }

    static int write(sqlite3_file* to, const void* bytes, int size, sqlite3_int64 offset) {
        sqlite3_int64 present = 0;
        of_system(to).xFileSize(real(to), &present);
        if (current->is_full && offset + size > present) {
            return SQLITE_FULL;
        }
        {
            const std::lock_guard lock{current->mutex_};
            current->count_call();
            if (file_on_disk* const state = current->state_of(to)) {
                state->write(static_cast<std::size_t>(offset),
                    {static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
            }
        }
        return of_system(to).xWrite(real(to), bytes, size, offset);
    }

    static int synchronize(sqlite3_file* of, int flags) {
        ++current->synchronized;
        if (current->fails_to_synchronize) {
            return SQLITE_IOERR_FSYNC;
        }
        const std::lock_guard lock{current->mutex_};
        current->count_call();
        if (file_on_disk* const state = current->state_of(of)) {
            state->synchronize();
        }
        static_cast<void>(flags); // it is only said to be done
        return SQLITE_OK;
    }

    static sqlite3_io_methods all_methods() {
        sqlite3_io_methods all{};
        all.iVersion = 3;
        all.xWrite = write;
        all.xSync = synchronize;
        all.xClose = [](sqlite3_file* f) { return of_system(f).xClose(real(f)); };
        all.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
            return of_system(f).xRead(real(f), to, size, at);
        };
        all.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
            {
                const std::lock_guard lock{current->mutex_};
                if (file_on_disk* const state = current->state_of(f)) {
                    state->cut(static_cast<std::size_t>(size));
                }
            }
            return of_system(f).xTruncate(real(f), size);
        };
        all.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
            return of_system(f).xFileSize(real(f), size);
        };
        all.xLock = [](sqlite3_file* f, int kind) { return of_system(f).xLock(real(f), kind); };
        all.xUnlock = [](sqlite3_file* f, int kind) { return of_system(f).xUnlock(real(f), kind); };
        all.xCheckReservedLock = [](sqlite3_file* f, int* is_locked) {
            return of_system(f).xCheckReservedLock(real(f), is_locked);
        };
        all.xFileControl = [](sqlite3_file* f, int what, void* with) {
            return of_system(f).xFileControl(real(f), what, with);
        };
        all.xSectorSize = [](sqlite3_file* f) { return of_system(f).xSectorSize(real(f)); };
        all.xDeviceCharacteristics = [](sqlite3_file* f) {
            return of_system(f).xDeviceCharacteristics(real(f));
        };
        all.xShmMap = [](sqlite3_file* f, int page, int size, int extends, void volatile** at) {
            return of_system(f).xShmMap(real(f), page, size, extends, at);
        };
        all.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
            return of_system(f).xShmLock(real(f), offset, n, flags);
        };
        all.xShmBarrier = [](sqlite3_file* f) { of_system(f).xShmBarrier(real(f)); };
        all.xShmUnmap = [](sqlite3_file* f, int deletes) {
            return of_system(f).xShmUnmap(real(f), deletes);
        };
        all.xFetch = [](sqlite3_file* f, sqlite3_int64 at, int size, void** page) {
            return of_system(f).xFetch(real(f), at, size, page);
        };
        all.xUnfetch = [](sqlite3_file* f, sqlite3_int64 at, void* page) {
            return of_system(f).xUnfetch(real(f), at, page);
        };
        return all;
    }

    static inline test_disk* current = nullptr;
    sqlite3_vfs* system_ = nullptr;
    sqlite3_vfs own_{};
    std::mutex mutex_;
    std::map<std::string, file_on_disk> files_;
    int calls_left_ = 0;
    std::function<void()> later_;
};

} // namespace crier::test
