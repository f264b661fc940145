#include "process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>

namespace crier::model {
namespace {

using namespace std::chrono_literals;

/// In the child: nothing but system calls, as other threads of the parent may hold any lock.
[[noreturn]] void become(char* const* command, int output, int log, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(1);
    }
    ::dup2(output, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execv(command[0], command);
    ::_exit(127);
}

std::string line_from(int file) {
    std::string line;
    char read = 0;
    while (::read(file, &read, 1) == 1 && read != '\n') {
        line += read;
    }
    return line;
}

} // namespace

process::process(
    const std::vector<std::string>& command, const std::string& log, bool has_first_line) {
    std::vector<char*> words;
    for (const std::string& word : command) {
        words.push_back(const_cast<char*>(word.c_str()));
    }
    words.push_back(nullptr);
    std::array<int, 2> pipe{};
    const int to_log = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (to_log < 0 || ::pipe2(pipe.data(), O_CLOEXEC) != 0) {
        throw std::system_error{errno, std::generic_category(), "a process has no pipe or no log"};
    }
    const pid_t parent = ::getpid();
    number_ = ::fork();
    if (number_ == 0) {
        become(words.data(), has_first_line ? pipe[1] : to_log, to_log, parent);
    }
    ::close(pipe[1]);
    ::close(to_log);
    if (has_first_line) {
        first_line_ = line_from(pipe[0]);
    }
    ::close(pipe[0]);
}

void process::signal(int number) const noexcept {
    if (number_ > 0) {
        ::kill(number_, number);
    }
}

void process::kill() noexcept {
    signal(SIGKILL);
    if (number_ > 0) {
        ::waitpid(number_, &status_, 0);
        number_ = 0;
    }
}

bool process::end() {
    signal(SIGTERM);
    const auto latest = std::chrono::steady_clock::now() + 20s;
    while (runs()) {
        if (std::chrono::steady_clock::now() > latest) {
            kill();
            return false;
        }
        std::this_thread::sleep_for(5ms);
    }
    return WIFEXITED(status_) && WEXITSTATUS(status_) == 0;
}

bool process::runs() {
    if (number_ > 0 && ::waitpid(number_, &status_, WNOHANG) == number_) {
        number_ = 0;
    }
    return number_ > 0;
}

std::uint16_t port_in(const std::string& line) {
    const std::size_t colon = line.rfind(':');
    std::uint16_t port = 0;
    if (colon != line.npos) {
        std::from_chars(line.data() + colon + 1, line.data() + line.size(), port);
    }
    return port;
}

} // namespace crier::model
