#pragma once

#include "support/http2_frames.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace crier::fuzz {

/// Takes choices off the bytes of the fuzzer. At their end each is 0.
class choices {
public:
    explicit choices(std::string_view bytes) : left_{bytes} {}

    bool empty() const { return left_.empty(); }

    unsigned next() {
        const std::string_view one = take(1);
        return one.empty() ? 0 : static_cast<std::uint8_t>(one.front());
    }

    template <class Array>
    decltype(auto) one_of(const Array& all) {
        return all[next() % std::size(all)];
    }

    std::string_view take(std::size_t size) {
        const std::string_view taken = left_.substr(0, std::min(size, left_.size()));
        left_.remove_prefix(taken.size());
        return taken;
    }

private:
    std::string_view left_;
};

/// A field of a head, in a form that neither reads nor changes the table of the coding. Both are
/// short. Source: RFC 7541, section 6.2.3.
inline std::string literal_field(std::string_view name, std::string_view value) {
    constexpr char never_indexed = '\x10';
    std::string text{never_indexed};
    for (const std::string_view each : {name, value}) {
        text += static_cast<char>(each.size());
        text += each;
    }
    return text;
}

/// The head of a request that is one of what clients ask for.
inline std::string chosen_head(choices& from) {
    constexpr std::string_view paths[]{"/a", "/detach", "/echo?q", "/writer?hello",
        "/topics?topic=a&topic=b", "/none", "/throw", "/large", "/while",
        "/a?last_event_id=EPOCHXYZ.1", "/a b", "*", "/b", "/many"};
    constexpr std::string_view methods[]{"GET", "POST", "HEAD", "OPTIONS", "CONNECT"};
    constexpr std::string_view more[][2]{{"accept", "text/event-stream"}, {"accept", "text/html"},
        {"origin", "https://a.example"}, {"access-control-request-method", "POST"},
        {"last-event-id", "7"}, {"connection", "close"}, {"content-length", "5"}, {"te", "gzip"},
        {"cookie", "a=b"}, {"host", "localhost"}, {"Upper", "case"}, {"expect", "100-continue"}};
    std::string head = literal_field(":scheme", "http") + literal_field(":authority", "localhost");
    head += literal_field(":path", from.one_of(paths));
    head += literal_field(":method", from.one_of(methods));
    for (unsigned bits = from.next(); bits != 0; bits >>= 1) {
        if ((bits & 1) != 0) {
            const auto& field = from.one_of(more);
            head += literal_field(field[0], field[1]);
        }
    }
    return head;
}

} // namespace crier::fuzz
