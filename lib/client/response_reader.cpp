#include "response_reader.hpp"

#include <crier/wire/errc.hpp>

#include "response_fields.hpp"
#include "wire/field_text.hpp"
#include "wire/last_chunk.hpp"

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
    if (has_head() && chunked() && !has_chunk_ && may_be_part_of_last_chunk(input)) {
        error = {};
        return;
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

std::string response_reader::explain(const error_code& error) const {
    if (error == errc::bad_response) {
        return "the transfer coding is \"" + list_of(head_, "Transfer-Encoding") +
               R"(", not "chunked")";
    }
    return error.message();
}

void response_reader::on_response_impl(int status, string reason, int, error_code&) {
    head_.status = static_cast<unsigned>(status);
    head_.reason = from(reason);
}

void response_reader::on_field_impl(
    http::field known, string name, string value, error_code& error) {
    // Beast takes what is encoded in other ways, or twice, too for a body of one coding or none.
    if (known == http::field::transfer_encoding) {
        const bool again = !values_of(head_, "Transfer-Encoding").empty();
        error = same(from(value), "chunked") && !again ? error_code{} : errc::bad_response;
    }
    head_.headers.push_back({std::string{from(name)}, std::string{from(value)}});
}

void response_reader::on_chunk_header_impl(std::uint64_t, string, error_code&) {
    has_chunk_ = true;
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
