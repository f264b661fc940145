#pragma once

#include "common/payload.hpp"
#include "load/http2_input.hpp"
#include "load/meter.hpp"
#include "load/options.hpp"
#include "load/order.hpp"
#include "load/parser.hpp"
#include "load/transport.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench::load {

/// Opens streams and reads them, all in one thread.
class client {
public:
    client(const options& chosen, meter& counting);
    client(const client&) = delete;
    client& operator=(const client&) = delete;

    /// So many streams are to be opened, in all.
    void open(std::uint32_t streams) noexcept { wanted_ = streams; }

    /// Runs until a time, or until something is done.
    template <class Done>
    void run(std::uint64_t deadline, Done done) {
        while (!done() && monotonic_now() < deadline) {
            turn(deadline);
        }
    }
    void run(std::uint64_t deadline) {
        run(deadline, [] { return false; });
    }

    bool all_opened() const noexcept { return started_ >= wanted_ && opening_ == 0; }
    std::uint32_t opened() const noexcept { return opened_; }
    std::uint32_t closed() const noexcept { return closed_; }
    std::uint32_t with_event() const noexcept { return with_event_; }
    std::uint32_t resumed() const noexcept { return resumed_; }
    const std::string& last_event_id() const noexcept { return last_event_id_; }

    /// Why the first stream ended that did so; empty as long as none did.
    const std::string& reason() const noexcept { return reason_; }

    /// Keeps what later connections resume TLS by.
    void write_sessions(const std::string& file) const { tls_->write_sessions(file); }

private:
    enum class state : std::uint8_t { connecting, shaking_hands, requested, open, closed };
    enum class stream_state : std::uint8_t { unopened, open, closed };

    /// There are many of these.
    struct stream {
        parser reading;
        order numbers;
        stream_state is = stream_state::unopened;
    };
    static_assert(sizeof(stream) <= 104);

    struct connection {
        transport bytes;
        /// None: HTTP/1.1.
        std::unique_ptr<http2_input> frames;
        /// That are not open yet.
        std::uint32_t unopened = 0;
        state is = state::closed;
    };

    void turn(std::uint64_t deadline);
    void start();
    void go_on(connection& of, transport::outcome with);
    void request(connection& of);
    std::string request_text(connection& of);
    std::string path_of(std::uint32_t number) const;
    bool read(connection& of);
    void take(connection& of, std::string_view input);
    void take(stream& of, std::string_view input, std::uint64_t received);
    void take_frames(connection& of, std::string_view input, std::uint64_t received);
    void take(stream& of, token found, std::uint64_t received);
    void take_head(stream& of, const http2_input::item& head);
    void take_event(stream& of, std::uint64_t received);
    void become_open(stream& of);
    void sweep();
    void watch(connection& of, int operation, std::uint32_t events);
    void close(stream& of, const std::string& why);
    void close(connection& of, const std::string& why);

    std::uint32_t index_of(const stream& of) const noexcept {
        return static_cast<std::uint32_t>(&of - streams_.data());
    }
    std::uint32_t index_of(const connection& of) const noexcept {
        return static_cast<std::uint32_t>(&of - connections_.data());
    }
    std::uint32_t first_stream(const connection& of) const noexcept {
        return index_of(of) * options_.streams_per_connection;
    }
    std::uint32_t streams_of(const connection& of) const noexcept;
    connection& connection_of(const stream& of) noexcept {
        return connections_[index_of(of) / options_.streams_per_connection];
    }

    static constexpr std::size_t buffer_size = std::size_t{256} * 1024;

    const options& options_;
    meter& meter_;
    descriptor epoll_;
    std::optional<tls_client> tls_;
    std::vector<stream> streams_;
    std::vector<connection> connections_;
    /// One for all streams: what is received is used up at once.
    std::unique_ptr<char[]> buffer_;
    std::string last_event_id_;
    std::string reason_;
    std::uint64_t next_sweep_ = 0;
    std::uint32_t wanted_ = 0;
    std::uint32_t started_ = 0;
    /// Connections.
    std::uint32_t opening_ = 0;
    std::uint32_t opened_ = 0;
    std::uint32_t closed_ = 0;
    std::uint32_t with_event_ = 0;
    std::uint32_t resumed_ = 0;
};

} // namespace bench::load
