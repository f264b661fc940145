// The command line of all example servers: --address, --port, --threads, --certificate, --key,
// --help.
#pragma once

#include <crier/http/server.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace CLI { // NOLINT(readability-identifier-naming): CLI11's
class App;      // NOLINT(readability-identifier-naming)
}

namespace example {

/// Adds the options that say where to listen, and with which certificates. The present values of
/// `options` are the defaults.
void add_listening_options(CLI::App& app, crier::server_options& options);

/// Adds these, and with how many threads.
void add_server_options(CLI::App& app, crier::server_options& options);

/// Reads the command line, then runs the program.
///
/// Returns the program's exit status: 2 for a bad command line and for a file of TLS that is of no
/// use, 1 if `run` throws anything else, each after one line on standard error; otherwise what
/// `run` returns.
int run_with(CLI::App& app, int argc, char** argv, const std::function<int()>& run);

/// The same for a server without further options.
int run_server(int argc, char** argv, const std::string& description,
    const std::function<void(const crier::server_options&)>& run,
    crier::server_options options = {});

/// "http://127.0.0.1:8080", or "https://".
std::string url_of(const crier::server& server, const crier::server_options& options);

/// Lets SIGINT and SIGTERM shut the server down, and SIGHUP bring in renewed certificates.
void obey_signals(crier::server& server, const crier::server_options& options,
    std::chrono::milliseconds deadline = std::chrono::milliseconds{500});

} // namespace example
