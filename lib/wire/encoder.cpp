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

boost::system::result<std::string> encode(const event_view& event) { return encode_string(event); }

boost::system::result<std::string> encode_comment(std::string_view text, comment_end end) {
    return encode_string(detail::comment{text, end});
}

} // namespace crier
