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
        // No more than a line may have, so that its bound does not hang on how the bytes come.
        const std::size_t window = std::min(bytes.size() - 1, longest_line_) + 1;
        const std::size_t taken = parser_.put(boost::asio::buffer(bytes, window), error);
        bytes.erase(0, taken);
        if (error == http::error::need_more && (taken > 0 || window <= longest_line_)) {
            error.clear();
            if (taken == 0) {
                break;
            }
        }
    }
    return parser_.is_done();
}

bool body_parser::has_trailer() const {
    const auto& fields = parser_.get();
    return std::distance(fields.begin(), fields.end()) > 1;
}

} // namespace crier::detail
