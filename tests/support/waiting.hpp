#pragma once

#include <crier/pubsub/stats.hpp>
#include <crier/wire/frame.hpp>

#include "event_reader.hpp"
#include "pubsub/backlog.hpp"
#include "wire/frame_access.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace crier::test {

using detail::entry;
using detail::entry_ptr;
using detail::frame_access;
using detail::frame_bytes;
using detail::memory_account;
using detail::memory_account_ptr;

/// Event number n, whose data is its number; with a key its data is "key number".
inline entry_ptr made(
    std::uint64_t number, const std::string& key = {}, const std::string& more = {}) {
    const std::string data = (key.empty() ? key : key + " ") + std::to_string(number) + more;
    const memory_account_ptr account{new memory_account};
    return entry_ptr{
        new entry{*frame_access::make(event{.data = data}, key, account), {1, number}}};
}

inline constexpr frame_bytes plain = &frame::text;
inline constexpr frame_bytes chunked = &frame::chunk;

template <class Queue>
std::string gathered(Queue& from, frame_bytes as) {
    std::string bytes;
    for (const boost::asio::const_buffer& each : from.gather(as)) {
        bytes.append(static_cast<const char*>(each.data()), each.size());
    }
    return bytes;
}

template <class Queue>
std::string write(Queue& from, frame_bytes as) {
    std::string all;
    while (!from.empty()) {
        const std::string next = gathered(from, as);
        from.advance(next.size(), as);
        all += next;
    }
    return all;
}

/// All that waits: the data of events, and what `gap` gives for one.
template <class Queue>
std::vector<std::string> read_waiting(Queue& from) {
    std::vector<std::string> result;
    for (const auto& each : event_reader{write(from, plain)}.events) {
        if (each.type == "crier.signal") {
            result.push_back("signal " + each.id + each.data);
        } else if (each.type == "crier.gap") {
            result.push_back(each.data + each.id);
        } else {
            result.push_back(each.data);
        }
    }
    return result;
}

/// How many were lost for the reason.
inline std::uint64_t at(const drop_counts& lost, drop_reason why) {
    return lost[static_cast<std::size_t>(why)];
}

inline std::string gap(const std::string& from, const std::string& to, int count) {
    return R"({"reason":"overflow","from":"1.)" + from + R"(","to":"1.)" + to + R"(","count":)" +
           std::to_string(count) + "}1." + to;
}

} // namespace crier::test
