#include "connection_responder.hpp"

#include <crier/http/make_sink.hpp>

#include "detached_streams.hpp"
#include "peer_watch.hpp"
#include "send.hpp"

#include <stdexcept>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;

stream_socket& connection_responder::socket() {
    if (on_.channel() != nullptr) {
        throw std::logic_error{"the socket of an encrypted connection is of no use to a handler"};
    }
    return on_.socket();
}

asio::awaitable<boost::system::error_code> connection_responder::send(
    clock::duration longest, std::string_view head, std::string_view body) {
    return detail::send(on_, longest, head, body);
}

std::shared_ptr<sink> connection_responder::make_sink(
    stream_owner /*whom*/, const asio::any_io_executor& executor) {
    return crier::make_sink(on_, executor);
}

std::unique_ptr<departure_watch> connection_responder::watch_client(signal& on_end) {
    return std::make_unique<peer_watch>(on_.socket(), on_end);
}

bool connection_responder::detach(detached_streams& to, detached_order ordered) {
    to.begin(on_, std::move(ordered));
    return true;
}

} // namespace crier::detail
