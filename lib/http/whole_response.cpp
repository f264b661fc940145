#include "whole_response.hpp"

#include "date.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/serializer.hpp>

#include <chrono>

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
