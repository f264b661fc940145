#pragma once

#include "client.hpp"
#include "http2_session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crier::model {

/// A client of HTTP/2, whose readers each have a stream of the same connection. A reader stalls by
/// its window, and leaves by a reset of its stream, or with the whole connection.
class http2_client final : public client {
public:
    using client::client;

private:
    using clock = std::chrono::steady_clock;

    struct stream {
        reader* to = nullptr;
        std::uint32_t id = 0;  ///< zero: it is not open
        bool is_taken = false; ///< the answer was 200
        std::string body{};
        std::size_t leave_at = 0;   ///< after so many bytes
        std::uint32_t unopened = 0; ///< by how much its window has shrunk
        clock::time_point stalls_until{};
    };

    void read(wire& from) override;
    void begin(wire& on);
    std::uint32_t some_window();
    bool has_streams() const;
    void open(stream& which);
    void keep(stream& which, bool has_left);

    void take(const test::http2_frame& frame);
    void take_data(stream& to, const test::http2_frame& frame);
    /// The server has ended it.
    void end(stream& which, bool properly);

    /// Tells whether one of them leaves with the whole connection.
    bool leave_at_times();
    void open_windows();

    std::optional<http2_session> session_;
    std::vector<stream> streams_;
    std::uint32_t window_ = 0;   ///< of each stream
    std::uint32_t unopened_ = 0; ///< by how much that of the connection has shrunk
    bool goes_away_ = false;     ///< the server takes no more requests on this connection
    bool is_in_hurry_ = false;   ///< the windows were made large
};

} // namespace crier::model
