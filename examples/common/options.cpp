#include "common/options.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string_view>
#include <vector>

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

void add_tls_options(CLI::App& app, crier::server_options& options) {
    using paths = std::vector<std::string>;
    const auto take_chains = [&options](const paths& chains) {
        crier::tls_server_options& tls = options.tls.emplace();
        for (const std::string& each : chains) {
            tls.certificates.push_back({.chain = each, .key = {}});
        }
    };
    // CLI11 calls these in the order of the options, whatever theirs is on the command line.
    const auto take_keys = [&options](const paths& keys) {
        if (!options.tls || options.tls->certificates.size() != keys.size()) {
            throw CLI::ValidationError{"--key", "there must be one for each --certificate"};
        }
        for (std::size_t i = 0; i < keys.size(); ++i) {
            options.tls->certificates[i].key = keys[i];
        }
    };
    auto* const chains = app.add_option_function<paths>("--certificate", take_chains,
        "file in PEM with a certificate and its chain, for https; or several, by host");
    auto* const keys = app.add_option_function<paths>(
        "--key", take_keys, "file in PEM with its key; as many, in the same order");
    chains->needs(keys);
}

} // namespace

void add_listening_options(CLI::App& app, crier::server_options& options) {
    app.add_option("--address", options.addresses, "address or host name to listen on, or several")
        ->capture_default_str()
        ->check(check_address);
    app.add_option("--port", options.port, "port to listen on; 0: any free port")
        ->capture_default_str()
        ->check(CLI::Range(0, 65'535));
    add_tls_options(app, options);
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
    } catch (const crier::tls_file_error& error) {
        std::cerr << name << ": " << error.what() << '\n';
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

std::string url_of(const crier::server& server, const crier::server_options& options) {
    std::ostringstream text;
    text << (options.tls ? "https://" : "http://") << server.local_endpoint();
    return text.str();
}

void obey_signals(crier::server& server, const crier::server_options& options,
    std::chrono::milliseconds deadline) {
    server.shutdown_on_signals(deadline);
    if (options.tls) {
        server.reload_tls_on_hangup();
    }
}

} // namespace example
