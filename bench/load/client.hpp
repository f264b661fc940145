#pragma once

#include "common/payload.hpp"
#include "load/meter.hpp"
#include "load/options.hpp"
#include "load/order.hpp"
#include "load/parser.hpp"
#include "load/socket.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench::load {

/// Opens streams and reads them, all in one thread.
class client {
public:
    client(const options& chosen, meter& counting);

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

    bool all_opened() const noexcept { return started_ == wanted_ && opening_ == 0; }
    std::uint32_t opened() const noexcept { return opened_; }
    std::uint32_t closed() const noexcept { return closed_; }
    std::uint32_t with_event() const noexcept { return with_event_; }
    const std::string& last_event_id() const noexcept { return last_event_id_; }

    /// Why the first stream ended that did so; empty as long as none did.
    const std::string& reason() const noexcept { return reason_; }

private:
    enum class state : std::uint8_t { connecting, requested, open, closed };

    /// There are many of these.
    struct stream {
        parser reading;
        order numbers;
        descriptor connection;
        state is = state::closed;
    };
    static_assert(sizeof(stream) <= 104);

    void turn(std::uint64_t deadline);
    void start();
    void request(stream& of);
    bool read(stream& of);
    void take(stream& of, std::string_view input);
    void take(stream& of, token found, std::uint64_t received);
    void take_event(stream& of, std::uint64_t received);
    void become_open(stream& of);
    void sweep();
    void watch(stream& of, int operation, std::uint32_t events);
    void close(stream& of, const std::string& why);

    std::uint32_t index_of(const stream& of) const noexcept {
        return static_cast<std::uint32_t>(&of - streams_.data());
    }

    static constexpr std::size_t buffer_size = std::size_t{256} * 1024;

    const options& options_;
    meter& meter_;
    descriptor epoll_;
    std::vector<stream> streams_;
    /// One for all streams: what is received is used up at once.
    std::unique_ptr<char[]> buffer_;
    std::string last_event_id_;
    std::string reason_;
    std::uint64_t next_sweep_ = 0;
    std::uint32_t wanted_ = 0;
    std::uint32_t started_ = 0;
    std::uint32_t opening_ = 0;
    std::uint32_t opened_ = 0;
    std::uint32_t closed_ = 0;
    std::uint32_t with_event_ = 0;
};

} // namespace bench::load
