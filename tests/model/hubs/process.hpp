#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace crier::model {

/// A program that runs until it is ended, or until the thread that has started it ends.
class process {
public:
    /// What it writes to its standard error is appended to the log. Its first line is read if it
    /// is asked for.
    process(const std::vector<std::string>& command, const std::string& log, bool has_first_line);
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process() { kill(); }

    /// Empty: it has ended before.
    const std::string& first_line() const noexcept { return first_line_; }

    void signal(int number) const noexcept;
    /// As a crash does.
    void kill() noexcept;
    /// Tells whether it ended by itself, in time and with status 0, once told to.
    bool end();
    bool runs();

private:
    pid_t number_ = 0;
    int status_ = 0;
    std::string first_line_;
};

/// The port that a hub's first line names; 0: none.
std::uint16_t port_in(const std::string& line);

} // namespace crier::model
