#pragma once

#include <doctest/doctest.h>

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

namespace crier::test {

/// Ends the process at once, as a crash would.
[[noreturn]] inline void die() {
    ::kill(::getpid(), SIGKILL);
    std::abort();
}

/// A process that runs a function, which may tell its parent lines by `tell`.
class child {
public:
    template <class Function>
    explicit child(Function function) {
        if (::pipe(pipe_.data()) != 0) {
            throw std::runtime_error{"no pipe"};
        }
        process_ = ::fork();
        if (process_ == 0) {
            ::close(pipe_[0]);
            try {
                function(*this);
            } catch (...) {
                die();
            }
            ::_exit(0);
        }
        ::close(pipe_[1]);
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() {
        kill();
        ::close(pipe_[0]);
    }

    /// In the child.
    void tell(const std::string& line) const {
        const std::string text = line + '\n';
        if (::write(pipe_[1], text.data(), text.size()) < 0) {
            die();
        }
    }

    /// In the parent: the next line; empty at the end.
    std::string next_line() const {
        std::string line;
        char read = 0;
        while (::read(pipe_[0], &read, 1) == 1 && read != '\n') {
            line += read;
        }
        return line;
    }

    void kill() {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            join();
        }
    }

    /// Whether it has come to its end by itself.
    bool join() {
        int status = 0;
        ::waitpid(process_, &status, 0);
        process_ = 0;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

private:
    std::array<int, 2> pipe_{};
    pid_t process_ = 0;
};

/// Runs a function in a process of its own to its end.
template <class Function>
bool run_child(Function function) {
    child running{[&](child&) { function(); }};
    return running.join();
}

} // namespace crier::test
