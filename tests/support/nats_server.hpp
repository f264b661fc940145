#pragma once

#include "support/temporary.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace crier::test {

/// A port of the loopback that nobody has.
inline std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const bare = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket, bare, size) != 0 || ::getsockname(socket, bare, &size) != 0) {
        throw std::runtime_error{"no free port"};
    }
    ::close(socket);
    return ntohs(address.sin_port);
}

inline bool is_listening(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return is;
}

/// A server of NATS with JetStream in a process of its own, on a loopback port and with a store of
/// its own, until the end of its scope, or of the thread that has started it. It needs
/// `nats-server`, in PATH or /usr/sbin.
class nats_server {
public:
    /// Lines of its configuration beside the port and the store.
    explicit nats_server(std::string configuration = {}, bool has_jetstream = true)
        : configuration_{std::move(configuration)} {
        if (has_jetstream) {
            configuration_ += "\njetstream: {store_dir: \"" + folder_.file("store") + "\"}";
        }
        start();
    }
    nats_server(const nats_server&) = delete;
    nats_server& operator=(const nats_server&) = delete;
    ~nats_server() { kill(); }

    std::uint16_t port() const noexcept { return port_; }
    std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }

    /// With the store and the port that it had.
    void start() {
        write_configuration();
        process_ = ::fork();
        if (process_ == 0) {
            run();
        }
        wait_until_it_listens();
    }

    /// It answers nothing more once that has returned.
    void pause() {
        ::kill(process_, SIGSTOP);
        ::waitpid(process_, nullptr, WUNTRACED);
    }
    void go_on() { ::kill(process_, SIGCONT); }

    /// As a crash.
    void kill() noexcept {
        if (process_ > 0) {
            ::kill(process_, SIGKILL);
            ::waitpid(process_, nullptr, 0);
            process_ = 0;
        }
    }

    void restart() {
        kill();
        start();
    }

private:
    void write_configuration() const {
        std::ofstream{folder_.file("server.conf")} << "listen: 127.0.0.1:" << port_ << '\n'
                                                   << configuration_ << '\n';
    }

    [[noreturn]] void run() const {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const std::string file = folder_.file("server.conf");
        const std::string log = folder_.file("log");
        for (const char* program : {"nats-server", "/usr/sbin/nats-server"}) {
            ::execlp(program, program, "-c", file.c_str(), "-l", log.c_str(), nullptr);
        }
        ::_exit(127);
    }

    void wait_until_it_listens() {
        constexpr int tries = 2'000;
        for (int i = 0; i < tries; ++i) {
            if (::waitpid(process_, nullptr, WNOHANG) == process_) {
                process_ = 0;
                break;
            }
            if (is_listening(port_)) {
                return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        kill();
        throw std::runtime_error{"nats-server does not start: is it installed?"};
    }

    temporary_directory folder_;
    std::uint16_t port_ = free_port();
    std::string configuration_;
    pid_t process_ = 0;
};

} // namespace crier::test
