#include "whole_response.hpp"

#include "date.hpp"
#include "response.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/status.hpp>

#include <chrono>
#include <utility>

namespace crier::detail {
namespace {

namespace http = boost::beast::http;

std::string head_of_response(exchange::response_type& response) {
    http::response_serializer<exchange::response_type::body_type> serializer{response};
    serializer.split(true);
    std::string head;
    boost::system::error_code error;
    while (!serializer.is_header_done() && !error) {
        serializer.next(error, [&](boost::system::error_code& /*error*/, const auto& buffers) {
            head += boost::beast::buffers_to_string(buffers);
            serializer.consume(boost::beast::buffer_bytes(buffers));
        });
    }
    return head;
}

} // namespace

exchange::response_type refusal_message(const refusal& why, bool as_json, unsigned version) {
    auto [type, text] = body_of(why, as_json);
    exchange::response_type message{
        static_cast<http::status>(why.status), version, std::move(text)};
    message.set(http::field::content_type, {type.data(), type.size()});
    message.set("X-Content-Type-Options", "nosniff");
    return message;
}

std::string complete(exchange::response_type& response, bool keeps_alive, bool head_only) {
    response.keep_alive(keeps_alive);
    if (has_body(response.result())) {
        response.prepare_payload();
    } else {
        response.body().clear();
    }
    if (response.find(http::field::date) == response.end()) {
        response.set(http::field::date, http_date(std::chrono::system_clock::now()));
    }
    if (head_only) {
        response.body().clear();
    }
    return head_of_response(response);
}

} // namespace crier::detail
