// Runs clients for a harness that drives them over HTTP: client_service [--port PORT]
// Source: the service specification of launchdarkly/sse-contract-tests 2.31.0.

#include <crier/http/server.hpp>

#include "client_service_client.hpp"
#include "named_port.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>

#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;

namespace {

using crier::exchange;
using crier::test::tested_client;

json::object object_of(const std::string& body) {
    const json::value parsed = json::parse(body);
    const json::object* const object = parsed.if_object();
    if (object == nullptr) {
        throw std::invalid_argument{"the body is no JSON object"};
    }
    return *object;
}

class service {
public:
    explicit service(crier::server& server) : server_{server} {
        server.on_shutdown([this] {
            for (const auto& [path, client] : clients_) {
                client->stop();
            }
        });
    }
    service(const service&) = delete;
    service& operator=(const service&) = delete;

    asio::awaitable<void> handle(exchange& asked) {
        exchange::response_type answer{http::status::ok, asked.request().version()};
        try {
            const std::string path{asked.path()};
            if (path == "/") {
                ask_service(asked.request(), answer);
            } else {
                ask_client(asked.request(), path, answer);
            }
        } catch (const std::invalid_argument& error) {
            answer.result(http::status::bad_request);
            answer.body() = error.what();
        } catch (const boost::system::system_error& error) {
            answer.result(http::status::bad_request);
            answer.body() = error.what();
        }
        co_await asked.respond(std::move(answer));
        if (ended_) {
            server_.shutdown();
        }
    }

private:
    void ask_service(const exchange::request_type& asked, exchange::response_type& answer) {
        switch (asked.method()) {
        case http::verb::get: describe(answer); break;
        case http::verb::post: create(object_of(asked.body()), answer); break;
        case http::verb::delete_: ended_ = true; break;
        default: answer.result(http::status::method_not_allowed);
        }
    }

    void ask_client(const exchange::request_type& asked, const std::string& path,
        exchange::response_type& answer) {
        const auto found = clients_.find(path);
        if (found == clients_.end()) {
            answer.result(http::status::not_found);
        } else if (asked.method() == http::verb::post) {
            found->second->obey(object_of(asked.body()));
        } else if (asked.method() == http::verb::delete_) {
            found->second->stop();
            clients_.erase(found);
        } else {
            answer.result(http::status::method_not_allowed);
        }
    }

    static void describe(exchange::response_type& answer) {
        const json::array capabilities{"bom", "comments", "headers", "last-event-id", "post",
            "report", "read-timeout", "event-type-listeners", "restart",
            "server-directed-shutdown-request"};
        const json::object service{{"name", "crier"}, {"capabilities", capabilities}};
        answer.set(http::field::content_type, "application/json");
        answer.body() = json::serialize(service);
    }

    void create(const json::object& parameters, exchange::response_type& answer) {
        auto created = std::make_shared<tested_client>(server_.get_executor(), parameters);
        tested_client::start(created);
        const std::string path = "/clients/" + std::to_string(++last_client_);
        clients_.emplace(path, std::move(created));
        answer.result(http::status::created);
        answer.set(http::field::location, path);
    }

    crier::server& server_;
    std::map<std::string, std::shared_ptr<tested_client>> clients_;
    unsigned last_client_ = 0;
    bool ended_ = false;
};

void run(std::uint16_t port) {
    crier::server_options options;
    options.port = port;
    crier::server server{options};
    service clients{server};
    server.shutdown_on_signals();
    std::cout << "http://127.0.0.1:" << server.local_endpoint().port() << "/\n" << std::flush;
    server.run([&clients](exchange& asked) { return clients.handle(asked); });
}

} // namespace

int main(int argc, char** argv) {
    try {
        run(named_port(argc, argv));
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "client_service: " << error.what() << '\n';
    }
    return 2;
}
