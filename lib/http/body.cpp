#include "body.hpp"

#include "wire/last_chunk.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>

namespace crier::detail {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

/// Beast's parser wants a head first. It gets one that says where the body ends, and nothing else.
std::string head_for(const framing& of) {
    const std::string end =
        of.chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(of.length);
    return "POST / HTTP/1.1\r\n" + end + "\r\n\r\n";
}

} // namespace

body_parser::body_parser(const framing& of, std::size_t most, const gate_limits& limits)
    : chunked_{of.chunked}, longest_line_{limits.header_bytes} {
    parser_.header_limit(static_cast<std::uint32_t>(
        std::min<std::size_t>(limits.header_bytes, std::numeric_limits<std::uint32_t>::max())));
    parser_.body_limit(std::min(most, std::string{}.max_size()));
    parser_.put(boost::asio::buffer(head_for(of)), error_);
    parser_.eager(true);
}

bool body_parser::take_from(std::string& bytes, error_code& error) {
    while (!error && !parser_.is_done() && !bytes.empty() &&
           !(chunked_ && may_be_part_of_last_chunk(bytes))) {
        bytes.erase(0, parser_.put(boost::asio::buffer(bytes), error));
    }
    if (error == http::error::need_more && bytes.size() <= longest_line_) {
        error.clear();
    }
    return parser_.is_done();
}

bool body_parser::has_trailer() const {
    const auto& fields = parser_.get();
    return std::distance(fields.begin(), fields.end()) > 1;
}

} // namespace crier::detail
