#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench::load {

/// Source: RFC 9113, section 6.
enum class frame_type : std::uint8_t {
    data = 0,
    headers = 1,
    reset = 3,
    settings = 4,
    ping = 6,
    goaway = 7,
    window_update = 8
};

namespace frame_flag {
constexpr std::uint8_t end_stream = 0x1;
constexpr std::uint8_t ack = 0x1;
constexpr std::uint8_t end_headers = 0x4;
constexpr std::uint8_t padded = 0x8;
constexpr std::uint8_t priority = 0x20;
} // namespace frame_flag

constexpr std::size_t frame_head_bytes = 9;

void append_number(std::string& to, std::uint32_t value);
void append_frame(std::string& to, frame_type type, std::uint8_t flags, std::uint32_t stream,
    std::string_view payload);

/// Cuts what comes into frames. Of DATA it gives each part as it comes, of others the whole
/// payload.
class frame_splitter {
public:
    struct frame {
        frame_type type = frame_type::data;
        std::uint8_t flags = 0;
        std::uint32_t stream = 0;
        /// Without padding.
        std::string_view payload;
        bool is_end = false;
    };

    /// Takes from the input up to the next frame, or part of one; false: there is none.
    bool next(std::string_view& input, frame& found);

    /// A frame is larger than we allow; it goes on no more.
    bool is_broken() const noexcept { return is_broken_; }

private:
    bool take_head(std::string_view& input);
    bool take_whole(std::string_view& input, frame& found);

    /// Of a head or of a payload, what has come.
    std::string kept_;
    /// The payload that was given last, if it came in parts.
    std::string held_;
    frame now_;
    std::uint32_t left_ = 0;
    bool has_head_ = false;
    bool is_broken_ = false;
};

} // namespace bench::load
