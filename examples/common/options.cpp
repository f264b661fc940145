#include "common/options.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>

#include <exception>
#include <filesystem>
#include <iostream>
#include <string_view>

namespace example {
namespace {

std::string check_address(const std::string& text) {
    constexpr std::string_view of_names =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
    boost::system::error_code error;
    boost::asio::ip::make_address(text, error);
    const bool is_name = !text.empty() && text.find_first_not_of(of_names) == text.npos;
    return error && !is_name ? "'" + text + "' is neither an IP address nor a host name" : "";
}

} // namespace

void add_listening_options(CLI::App& app, crier::server_options& options) {
    app.add_option("--address", options.addresses, "address or host name to listen on, or several")
        ->capture_default_str()
        ->check(check_address);
    app.add_option("--port", options.port, "port to listen on; 0: any free port")
        ->capture_default_str()
        ->check(CLI::Range(0, 65'535));
}

void add_server_options(CLI::App& app, crier::server_options& options) {
    add_listening_options(app, options);
    app.add_option("--threads", options.threads, "how many threads serve")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
}

int run_with(CLI::App& app, int argc, char** argv, const std::function<int()>& run) {
    const std::string name = std::filesystem::path{argv[0]}.filename();
    try {
        app.name(name);
        app.parse(argc, argv);
        return run();
    } catch (const CLI::Success& wish) {
        return app.exit(wish);
    } catch (const CLI::ParseError& error) {
        std::cerr << name << ": " << error.what() << "; --help lists the options\n";
        return 2;
    } catch (const std::exception& error) {
        std::cerr << name << ": " << error.what() << '\n';
        return 1;
    }
}

int run_server(int argc, char** argv, const std::string& description,
    const std::function<void(const crier::server_options&)>& run, crier::server_options options) {
    CLI::App app{description};
    add_server_options(app, options);
    return run_with(app, argc, argv, [&] {
        options.sockets = crier::passed_sockets(); // by systemd, say
        run(options);
        return 0;
    });
}

} // namespace example
