#pragma once

#include <crier/wire/parser.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crier::fuzz {

/// A response as a client reads it.
struct answer {
    unsigned status = 0;
    std::string bytes{};
    bool closes = false; ///< nothing may follow
};

inline bool has_clean_head(std::string_view bytes) {
    const std::string_view head = bytes.substr(0, bytes.find("\r\n\r\n") + 2);
    std::string rest{head};
    for (std::size_t at = rest.find("\r\n"); at != rest.npos; at = rest.find("\r\n")) {
        rest.erase(at, 2);
    }
    return std::ranges::none_of(rest, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < ' ' && byte != '\t') || byte == 0x7F;
    });
}

/// Reads a further part of an event stream. False: it is none.
inline bool read_on(crier::parser& by, std::string_view bytes) {
    while (true) {
        const auto next = by.next(bytes);
        if (!next) {
            return false;
        }
        if (!*next) {
            return true;
        }
    }
}

inline bool is_event_stream(std::string_view body) {
    crier::parser parser;
    return read_on(parser, body);
}

/// Takes the first response off the bytes that a connection has brought until its end. None: there
/// is no proper one.
inline std::optional<answer> take_answer(std::string_view& from, bool is_for_head) {
    namespace http = boost::beast::http;
    http::response_parser<http::string_body> parser;
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    parser.eager(true);
    parser.skip(is_for_head);
    std::size_t taken = 0;
    boost::system::error_code error;
    while (taken < from.size() && !parser.is_done() && !error) {
        const std::size_t size =
            parser.put(boost::asio::buffer(from.data() + taken, from.size() - taken), error);
        taken += size;
        if (size == 0) {
            break;
        }
    }
    if (error == http::error::need_more) {
        error = {};
    }
    if (!error && !parser.is_done()) {
        parser.put_eof(error);
    }
    if (error || !parser.is_done() || !has_clean_head(from)) {
        return std::nullopt;
    }
    const auto& message = parser.get();
    if (message["Content-Type"] == "text/event-stream" && !is_event_stream(message.body())) {
        return std::nullopt;
    }
    answer read{message.result_int(), std::string{from.substr(0, taken)}, !message.keep_alive()};
    from.remove_prefix(taken);
    return read;
}

} // namespace crier::fuzz
