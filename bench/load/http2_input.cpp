#include "load/http2_input.hpp"

#include <array>
#include <utility>

namespace bench::load {
namespace {

constexpr std::uint32_t largest_window = 0x7fff'ffff;
constexpr std::uint32_t first_window = 65'535;

/// Without Huffman coding. Source: RFC 7541, section 5.
void append_text(std::string& to, std::string_view text) {
    constexpr std::size_t in_prefix = 127;
    if (text.size() < in_prefix) {
        to += static_cast<char>(text.size());
    } else {
        to += static_cast<char>(in_prefix);
        std::size_t left = text.size() - in_prefix;
        for (; left >= 128; left /= 128) {
            to += static_cast<char>(left % 128 + 128);
        }
        to += static_cast<char>(left);
    }
    to += text;
}

void append_setting(std::string& to, std::uint16_t name, std::uint32_t value) {
    to += static_cast<char>(name >> 8);
    to += static_cast<char>(name & 0xff);
    append_number(to, value);
}

/// The status comes first, and as we keep no table, the common ones are an index of the static one.
/// Source: RFC 7541, appendix A.
std::uint16_t status_of(std::string_view block) {
    constexpr std::array<std::uint16_t, 7> known{200, 204, 206, 304, 400, 404, 500};
    constexpr std::size_t first_index = 0x88;
    // The size of the table, which is none.
    while (!block.empty() && (static_cast<unsigned char>(block.front()) & 0xe0U) == 0x20) {
        block.remove_prefix(1);
    }
    const std::size_t index = block.empty() ? 0 : static_cast<unsigned char>(block.front());
    return index >= first_index && index < first_index + known.size() ? known[index - first_index]
                                                                      : std::uint16_t{0};
}

} // namespace

http2_opening::http2_opening(
    std::string_view authority, std::string_view last_event_id, bool is_encrypted)
    : authority_{authority},
      last_event_id_{last_event_id},
      is_encrypted_{is_encrypted},
      text_{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"} {
    constexpr std::uint16_t header_table_size = 1;
    constexpr std::uint16_t enable_push = 2;
    constexpr std::uint16_t initial_window_size = 4;
    std::string settings;
    append_setting(settings, header_table_size, 0);
    append_setting(settings, enable_push, 0);
    append_setting(settings, initial_window_size, largest_window);
    append_frame(text_, frame_type::settings, 0, 0, settings);
    std::string more;
    append_number(more, largest_window - first_window);
    append_frame(text_, frame_type::window_update, 0, 0, more);
}

/// Source: RFC 7541, section 6 and appendix A.
void http2_opening::add_request(std::string_view path) {
    std::string block = "\x82"; // :method: GET
    block += is_encrypted_ ? '\x87' : '\x86';
    block += '\x01';
    append_text(block, authority_);
    block += '\x04';
    append_text(block, path);
    block += "\x0f\x04";
    append_text(block, "text/event-stream");
    if (!last_event_id_.empty()) {
        block += '\0';
        append_text(block, "last-event-id");
        append_text(block, last_event_id_);
    }
    append_frame(text_, frame_type::headers, frame_flag::end_headers | frame_flag::end_stream,
        next_id_, block);
    next_id_ += 2;
}

http2_input::item http2_input::next(std::string_view& input) {
    item result;
    frame_splitter::frame found;
    while (result.is == kind::none && frames_.next(input, found)) {
        result = take(found);
    }
    return frames_.is_broken() ? item{.is = kind::broken} : result;
}

http2_input::item http2_input::take(const frame_splitter::frame& found) {
    const bool is_last = found.is_end && (found.flags & frame_flag::end_stream) != 0;
    const std::uint32_t stream = (found.stream - 1) / 2;
    switch (found.type) {
    case frame_type::data:
        received_ += found.payload.size();
        return {.is = kind::body, .stream = stream, .text = found.payload, .is_last = is_last};
    case frame_type::headers: {
        constexpr std::size_t priority_bytes = 5;
        const bool has_priority = (found.flags & frame_flag::priority) != 0;
        if ((found.flags & frame_flag::end_headers) == 0 ||
            (has_priority && found.payload.size() < priority_bytes)) {
            return {.is = kind::broken};
        }
        const std::string_view block = found.payload.substr(has_priority ? priority_bytes : 0);
        return {.is = kind::head, .stream = stream, .status = status_of(block), .is_last = is_last};
    }
    case frame_type::reset: return {.is = kind::end, .stream = stream};
    case frame_type::ping:
        if ((found.flags & frame_flag::ack) == 0) {
            append_frame(answers_, frame_type::ping, frame_flag::ack, 0, found.payload);
        }
        return {};
    case frame_type::settings:
        if ((found.flags & frame_flag::ack) == 0) {
            append_frame(answers_, frame_type::settings, frame_flag::ack, 0, {});
        }
        return {};
    default: return {}; // a GOAWAY is followed by the ends of its streams
    }
}

std::string http2_input::take_answers() {
    if (received_ > largest_window / 2) {
        std::string more;
        append_number(more, static_cast<std::uint32_t>(std::exchange(received_, 0)));
        append_frame(answers_, frame_type::window_update, 0, 0, more);
    }
    return std::exchange(answers_, {});
}

} // namespace bench::load
