// Shows event streams in a terminal, for debugging and for scripts.

#include "command_line.hpp"
#include "follower.hpp"
#include "printable.hpp"

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>

namespace {

/// Opens closed standard files: a socket with their number would be written to.
void fill_standard_files() {
    int file = 0;
    while (file >= 0 && file <= STDERR_FILENO) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): as the system declares it
        file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    ::close(file);
}

} // namespace

int main(int argc, char** argv) {
    fill_standard_files();
    cat::command_line arguments;
    try {
        cat::settings chosen = arguments.parse(argc, argv);
        // When the reader of the output leaves, a write must fail, not kill the program.
        std::signal(SIGPIPE, SIG_IGN);
        return cat::follower{std::move(chosen)}.run();
    } catch (const CLI::Success& wish) {
        return arguments.parser().exit(wish);
    } catch (const CLI::ParseError& error) {
        std::cerr << "crier-cat: " << cat::printable(error.what())
                  << "; --help lists the options\n";
        return cat::bad_usage;
    } catch (const std::exception& error) {
        std::cerr << "crier-cat: " << cat::printable(error.what()) << "\n";
        return cat::bad_usage;
    }
}
