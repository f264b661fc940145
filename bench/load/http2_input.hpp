#pragma once

#include "load/http2_frames.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace bench::load {

/// What a client of HTTP/2 sends first: its settings, and a request for each stream.
class http2_opening {
public:
    http2_opening(std::string_view authority, std::string_view last_event_id, bool is_encrypted);

    void add_request(std::string_view path);
    const std::string& text() const noexcept { return text_; }

private:
    std::string authority_;
    std::string last_event_id_;
    bool is_encrypted_;
    std::uint32_t next_id_ = 1;
    std::string text_;
};

/// Understands what a server of HTTP/2 sends to streams that are only read. It allows so much to be
/// sent that no stream ever waits for room.
class http2_input {
public:
    enum class kind : std::uint8_t { none, head, body, end, broken };

    struct item {
        kind is = kind::none;
        /// 0: the first request's.
        std::uint32_t stream = 0;
        /// Of a head; 0: one that takes more than a look to tell.
        std::uint16_t status = 0;
        std::string_view text{};
        /// Of a head or a body: nothing follows.
        bool is_last = false;
    };

    /// Takes from the input up to what it finds next.
    item next(std::string_view& input);

    /// What has to be sent to the server, once.
    std::string take_answers();

private:
    item take(const frame_splitter::frame& found);

    frame_splitter frames_;
    std::string answers_;
    /// Of DATA, since more was allowed.
    std::uint64_t received_ = 0;
};

} // namespace bench::load
