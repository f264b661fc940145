// Parses for a suite that asks line by line: {"chunks":[BASE64, ...]} in, one line of JSON out.

#include <crier/wire/parser.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace json = boost::json;

namespace {

constexpr std::size_t limit = std::size_t{32} * 1024 * 1024;

/// Source: RFC 4648, section 4; nothing but what it says is taken.
std::string decode_base64(std::string_view text) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    if (text.size() % 4 != 0) {
        throw std::invalid_argument{"the length of a chunk is no multiple of 4"};
    }
    text.remove_suffix(padding);
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 3);
    unsigned bits = 0;
    int count = 0;
    for (const char letter : text) {
        const std::size_t value = alphabet.find(letter);
        if (value == alphabet.npos) {
            throw std::invalid_argument{"a chunk is not base64"};
        }
        bits = (bits << 6) | static_cast<unsigned>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(static_cast<unsigned char>(bits >> count));
            bits &= (1U << count) - 1;
        }
    }
    if (bits != 0) {
        throw std::invalid_argument{"a chunk ends with bits that say nothing"};
    }
    return bytes;
}

json::object to_json(const crier::event_view& event) {
    return {{"type", event.type}, {"data", event.data}, {"lastEventId", event.id}};
}

json::object parse(const json::array& chunks) {
    crier::parser_options options;
    options.limit = limit;
    crier::parser parser{options};
    json::array events;
    for (const json::value& chunk : chunks) {
        const std::string bytes = decode_base64(chunk.as_string());
        std::string_view input = bytes;
        while (const auto event = parser.next(input).value()) {
            events.push_back(to_json(*event));
        }
    }
    json::value retry;
    if (const auto time = parser.retry()) {
        retry = time->count();
    }
    return {{"events", std::move(events)}, {"retry_ms", std::move(retry)},
        {"last_event_id", parser.last_event_id()}};
}

json::object answer_to(const std::string& line) {
    try {
        return parse(json::parse(line).at("chunks").as_array());
    } catch (const std::exception& error) {
        return {{"error", error.what()}};
    }
}

} // namespace

int main() {
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << json::serialize(answer_to(line)) << std::endl;
    }
    return std::cout ? 0 : 1;
}
