#pragma once

#include "support/http2_frames.hpp"
#include "support/http2_heads.hpp"
#include "wire.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crier::model {

/// The frames of a connection of HTTP/2. Settings and pings are answered here.
class http2_session {
public:
    /// Each stream's window has so many bytes at first.
    http2_session(wire& over, std::uint32_t window);

    /// False: the other end has gone. What has come by then is there as frames.
    bool receive(std::size_t most);
    std::optional<test::http2_frame> next();
    std::string inflated(const test::http2_frame& head) { return answers_.inflated(head.payload); }

    /// Begins a stream, and returns its number.
    std::uint32_t get(const std::string& target, const std::string& last_event_id);
    void reset(std::uint32_t id);
    /// Zero: that of the connection.
    void open_window(std::uint32_t id, std::uint32_t by);
    void set_window(std::uint32_t size);

private:
    void send(int type, int flags, std::uint32_t id, std::string_view payload = {});

    wire& wire_;
    std::string received_;
    test::http2_heads answers_;
    test::http2_request_heads requests_;
    std::uint32_t next_id_ = 1;
    bool is_open_ = true;
};

} // namespace crier::model
