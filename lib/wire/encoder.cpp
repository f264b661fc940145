#include "encode_into.hpp"

namespace crier {
namespace {

template <class Source>
boost::system::result<std::string> encode_string(const Source& source) {
    return detail::encode_into(
        source, [](std::size_t size) { return std::string(size, '\0'); },
        [](std::string& block) { return block.data(); });
}

} // namespace

std::string_view to_string(comment_end end) noexcept {
    switch (end) {
    case comment_end::blank_line: return "blank_line";
    case comment_end::line_feed: return "line_feed";
    }
    return "unknown";
}

boost::system::result<std::string> encode(const event_view& event) { return encode_string(event); }

boost::system::result<std::string> encode_comment(std::string_view text, comment_end end) {
    return encode_string(detail::comment{text, end});
}

} // namespace crier
