#include "response_reader.hpp"

#include <crier/wire/errc.hpp>

#include "wire/field_text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <limits>

namespace crier::detail {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

std::string_view from(boost::beast::string_view text) { return {text.data(), text.size()}; }

} // namespace

response_reader::response_reader() {
    basic_parser::header_limit(header_limit);
    body_limit(std::numeric_limits<std::uint64_t>::max());
}

void response_reader::read(std::string_view& input, error_code& error) {
    body_ = {};
    if (input.empty()) {
        error = {};
        return; // Beast would count from its null pointer
    }
    input.remove_prefix(put(boost::asio::buffer(input), error));
    if (error == http::error::need_more) {
        error = {};
    }
}

void response_reader::end_of_input(error_code& error) {
    error = {};
    if (!got_some()) {
        error = http::error::end_of_stream;
    } else if (!is_done()) {
        put_eof(error);
    }
}

void response_reader::on_response_impl(int status, string reason, int, error_code&) {
    head_.status = static_cast<unsigned>(status);
    head_.reason = from(reason);
}

void response_reader::on_field_impl(http::field name, string, string value, error_code& error) {
    switch (name) {
    // Beast takes what is encoded in other ways too for a body without any coding.
    case http::field::transfer_encoding:
        error = same(from(value), "chunked") ? error_code{} : errc::bad_response;
        break;
    case http::field::content_type: head_.content_type = from(value); break;
    case http::field::content_encoding: head_.content_encoding = from(value); break;
    case http::field::location: head_.location = from(value); break;
    case http::field::retry_after: head_.retry_after = from(value); break;
    default: break;
    }
}

std::size_t response_reader::on_body_impl(string body, error_code&) {
    body_ = from(body);
    return body.size();
}

std::size_t response_reader::on_chunk_body_impl(std::uint64_t, string body, error_code&) {
    body_ = from(body);
    return body.size();
}

} // namespace crier::detail
