#pragma once

#include <crier/wire/parser.hpp>

#include "event_reader.hpp"

#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace crier::test {

/// All that a parser has given for some bytes.
struct parsed {
    std::vector<received> events{};
    std::vector<std::string> comments{};
    std::optional<std::chrono::milliseconds> retry{};
    std::string last_event_id{};
    boost::system::error_code error{};

    friend bool operator==(const parsed&, const parsed&) = default;
};

/// Adds the events of the bytes. They lie in a block of their own size that is gone afterwards, for
/// a sanitizer to see who reads past them or keeps them.
inline boost::system::error_code feed(
    parser& reader, std::string_view bytes, std::vector<received>& events) {
    const std::vector<char> block(bytes.begin(), bytes.end());
    std::string_view input{block.data(), block.size()};
    while (true) {
        const std::size_t before = input.size();
        const auto next = reader.next(input);
        if (!next) {
            return next.error();
        }
        if (!*next) {
            if (!input.empty()) {
                throw std::logic_error{"there is no event, and input is left"};
            }
            return {};
        }
        if (input.size() == before) {
            throw std::logic_error{"an event without input"};
        }
        const event_view& event = **next;
        events.push_back(
            {std::string{event.type}, std::string{event.data}, std::string{event.id}, event.retry});
    }
}

using pieces = std::vector<std::string_view>;

inline parsed parse(const pieces& input, std::size_t limit = parser_options{}.limit) {
    parsed result;
    parser_options options;
    options.limit = limit;
    options.on_comment = [&](std::string_view text) { result.comments.emplace_back(text); };
    parser reader{options};
    for (const std::string_view piece : input) {
        const auto error = feed(reader, piece, result.events);
        if (result.error && error != result.error) {
            throw std::logic_error{"an error that did not stay"};
        }
        result.error = error;
    }
    result.retry = reader.retry();
    result.last_event_id = reader.last_event_id();
    return result;
}

inline pieces in_pieces(std::string_view stream, std::size_t size) {
    pieces result;
    for (std::size_t at = 0; at < stream.size(); at += size) {
        result.push_back(stream.substr(at, size));
    }
    return result;
}

/// Calls `use` with a name and the pieces for each way to cut the stream: not at all, into pieces
/// of one size, and in two at every place, also with an empty piece between.
template <class Use>
void for_each_split(std::string_view stream, Use use) {
    use("whole", pieces{stream});
    for (const std::size_t size : {1U, 2U, 3U, 7U}) {
        use("in pieces of " + std::to_string(size), in_pieces(stream, size));
    }
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        const auto head = stream.substr(0, at);
        const auto tail = stream.substr(at);
        use("cut at " + std::to_string(at), pieces{head, tail});
        use("cut around an empty piece at " + std::to_string(at), pieces{head, "", tail, ""});
    }
}

/// What an independent reader of the whole stream says.
inline parsed reference(std::string_view stream) {
    event_reader reader{stream};
    parsed result{std::move(reader.events), std::move(reader.comments)};
    if (reader.retry >= 0) {
        result.retry = std::chrono::milliseconds{reader.retry};
    }
    result.last_event_id = std::move(reader.last_event_id);
    return result;
}

/// The text with all but printable ASCII as escapes, cut where it becomes long.
inline std::string printable(std::string_view text) {
    constexpr std::size_t most = 300;
    std::string result = "\"";
    for (const char c : text.substr(0, most)) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F) {
            result += c;
        } else {
            result.append("\\x").append(1, digits[byte / 16]).append(1, digits[byte % 16]);
        }
    }
    return result.append(text.size() > most ? "\"..." : "\"");
}

inline std::ostream& operator<<(std::ostream& out, const parsed& all) {
    const auto put_retry = [&](std::optional<std::chrono::milliseconds> retry) {
        if (retry) {
            out << " retry " << retry->count();
        }
    };
    for (const received& event : all.events) {
        out << "\n  " << printable(event.type) << ' ' << printable(event.data) << " id "
            << printable(event.id);
        put_retry(event.retry);
    }
    for (const std::string& comment : all.comments) {
        out << "\n  comment " << printable(comment);
    }
    out << "\n  last id " << printable(all.last_event_id);
    put_retry(all.retry);
    if (all.error) {
        out << ' ' << all.error.message();
    }
    return out << '\n';
}

} // namespace crier::test
