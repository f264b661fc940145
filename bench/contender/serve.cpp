#include "contender/serve.hpp"

#include <crier/http/server.hpp>
#include <crier/http/stream_handler.hpp>

#include "contender/source.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <iostream>
#include <limits>
#include <thread>
#include <utility>

namespace bench {

namespace asio = boost::asio;

std::vector<std::string> topic_names(unsigned count, unsigned first, unsigned step) {
    std::vector<std::string> names;
    for (unsigned i = 0; i < count; ++i) {
        names.push_back("/t/" + std::to_string(first + i * step));
    }
    return names;
}

void serve(const options& options, crier::manager_options as, std::vector<std::string> topics,
    bool in_its_loop) {
    crier::server_options listening;
    listening.port = options.port;
    listening.threads = options.threads;
    listening.max_connections = std::numeric_limits<std::size_t>::max();
    if (options.tls()) {
        listening.tls.emplace();
        listening.tls->certificates = {{options.certificate, options.key}};
        listening.tls->ticket_keys = options.ticket_keys;
    }
    crier::server server{listening};
    as.heartbeat_interval = options.heartbeat_interval();
    crier::manager events{server.get_executor(), std::move(as)};
    std::cout << "listening on " << server.local_endpoint().port() << '\n' << std::flush;

    source published{events, options, std::move(topics)};
    std::jthread publisher;
    asio::cancellation_signal ended;
    if (in_its_loop && options.rate > 0) {
        asio::co_spawn(server.get_executor(), published.run(),
            asio::bind_cancellation_slot(ended.slot(), asio::detached));
    } else if (options.rate > 0) {
        publisher = std::jthread{[&](const std::stop_token& stopped) { published.run(stopped); }};
    }
    server.on_shutdown([&] {
        ended.emit(asio::cancellation_type::terminal);
        events.shutdown();
    });
    server.shutdown_on_signals();
    server.run(crier::stream_handler(events));
    publisher = {};
    published.print();
}

} // namespace bench
