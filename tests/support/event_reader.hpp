#pragma once

#include "decode_utf8.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crier::test {

struct received {
    std::string type = "message";
    std::string data{};
    std::string id{}; ///< the last event id when the event was dispatched
    std::optional<std::chrono::milliseconds> retry{}; ///< that of the event's own block

    friend bool operator==(const received&, const received&) = default;
};

/// A strict reader of a whole event stream, by the letter of WHATWG HTML 9.2.6.
class event_reader {
public:
    std::vector<received> events;
    std::vector<std::string> comments;
    std::int64_t retry = -1;
    std::string last_event_id; ///< at the last finished block

    explicit event_reader(std::string_view bytes) {
        if (bytes.starts_with("\xEF\xBB\xBF")) {
            bytes.remove_prefix(3);
        }
        const std::string text = decode_utf8(bytes);
        std::string_view stream = text;
        while (!stream.empty()) {
            const std::size_t end = stream.find_first_of("\r\n");
            if (end == stream.npos) {
                return;
            }
            take_line(stream.substr(0, end));
            const bool pair = stream.substr(end).starts_with("\r\n");
            stream.remove_prefix(end + (pair ? 2 : 1));
        }
    }

private:
    void take_line(std::string_view line) {
        const std::size_t colon = line.find(':');
        if (line.empty()) {
            dispatch();
        } else if (colon == 0) {
            comments.emplace_back(line.substr(1));
        } else {
            std::string_view value = colon == line.npos ? "" : line.substr(colon + 1);
            if (value.starts_with(' ')) {
                value.remove_prefix(1);
            }
            take_field(line.substr(0, colon), value);
        }
    }

    void take_field(std::string_view name, std::string_view value) {
        if (name == "event") {
            type_ = value;
        } else if (name == "data") {
            data_.append(value).push_back('\n');
        } else if (name == "id" && value.find('\0') == value.npos) {
            id_ = value;
        } else if (name == "retry" && !value.empty() &&
                   value.find_first_not_of("0123456789") == value.npos) {
            retry = number(value);
            block_retry_ = std::chrono::milliseconds{retry};
        }
    }

    static std::int64_t number(std::string_view digits) {
        constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
        std::int64_t value = 0;
        for (const char digit : digits) {
            const std::int64_t last = digit - '0';
            value = value > (most - last) / 10 ? most : 10 * value + last;
        }
        return value;
    }

    void dispatch() {
        last_event_id = id_;
        if (!data_.empty()) {
            data_.pop_back();
            events.push_back({type_.empty() ? "message" : type_, data_, id_, block_retry_});
        }
        type_.clear();
        data_.clear();
        block_retry_.reset();
    }

    std::string type_;
    std::string data_;
    std::string id_;
    std::optional<std::chrono::milliseconds> block_retry_;
};

} // namespace crier::test
