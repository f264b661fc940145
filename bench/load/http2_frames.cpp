#include "load/http2_frames.hpp"

#include <algorithm>

namespace bench::load {
namespace {

std::uint32_t number_of(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char each : bytes) {
        value = value << 8 | static_cast<unsigned char>(each);
    }
    return value;
}

std::string_view without_padding(std::uint8_t flags, std::string_view payload) {
    if ((flags & frame_flag::padded) != 0 && !payload.empty()) {
        const std::size_t padding = static_cast<unsigned char>(payload.front());
        payload.remove_prefix(1);
        payload.remove_suffix(std::min(padding, payload.size()));
    }
    return payload;
}

} // namespace

void append_number(std::string& to, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        to += static_cast<char>(value >> shift & 0xff);
    }
}

void append_frame(std::string& to, frame_type type, std::uint8_t flags, std::uint32_t stream,
    std::string_view payload) {
    std::string size;
    append_number(size, static_cast<std::uint32_t>(payload.size()));
    to.append(size, 1);
    to += static_cast<char>(type);
    to += static_cast<char>(flags);
    append_number(to, stream);
    to += payload;
}

bool frame_splitter::next(std::string_view& input, frame& found) {
    if (is_broken_ || (!has_head_ && !take_head(input))) {
        return false;
    }
    if (now_.type != frame_type::data || (now_.flags & frame_flag::padded) != 0) {
        return take_whole(input, found);
    }
    if (input.empty() && left_ > 0) {
        return false;
    }
    found = now_;
    found.payload = input.substr(0, left_);
    input.remove_prefix(found.payload.size());
    left_ -= static_cast<std::uint32_t>(found.payload.size());
    found.is_end = left_ == 0;
    has_head_ = left_ > 0;
    return true;
}

bool frame_splitter::take_head(std::string_view& input) {
    std::string_view head = input.substr(0, frame_head_bytes);
    if (!kept_.empty() || head.size() < frame_head_bytes) {
        head = input.substr(0, frame_head_bytes - kept_.size());
        kept_ += head;
        input.remove_prefix(head.size());
        if (kept_.size() < frame_head_bytes) {
            return false;
        }
        head = kept_;
    } else {
        input.remove_prefix(frame_head_bytes);
    }
    constexpr std::uint32_t reserved = 1U << 31;
    left_ = number_of(head.substr(0, 3));
    now_.type = static_cast<frame_type>(head[3]);
    now_.flags = static_cast<std::uint8_t>(head[4]);
    now_.stream = number_of(head.substr(5)) & ~reserved;
    kept_.clear();
    // What we allow, as we tell no other size.
    constexpr std::uint32_t most = 16'384;
    is_broken_ = left_ > most;
    has_head_ = true;
    return !is_broken_;
}

bool frame_splitter::take_whole(std::string_view& input, frame& found) {
    const std::string_view part = input.substr(0, left_);
    input.remove_prefix(part.size());
    left_ -= static_cast<std::uint32_t>(part.size());
    // It is given until the next call.
    if (left_ > 0 || !kept_.empty()) {
        kept_ += part;
    }
    if (left_ > 0) {
        return false;
    }
    held_.swap(kept_);
    kept_.clear();
    found = now_;
    found.payload = without_padding(now_.flags, held_.empty() ? part : std::string_view{held_});
    found.is_end = true;
    has_head_ = false;
    return true;
}

} // namespace bench::load
