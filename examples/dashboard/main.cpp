// Shows the machine it runs on, live in any number of browsers. Each chart is a topic with a
// polling service, so nothing is sampled while nobody watches.

#include <crier/crier.hpp>
#include <crier/http/server.hpp>
#include <crier/http/stream_handler.hpp>

#include "common/options.hpp"
#include "machine.hpp"
#include "processes.hpp"
#include "streams.hpp"

#include <boost/json/parse.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::string_view page =
#include "page.inc"
    ;

constexpr std::size_t longest_message = 500;
constexpr std::size_t first_messages = 20; ///< how many a new page gets

/// How much time the charts show, and so how long samples are kept.
constexpr auto paper = 2min;

/// How long sampling goes on after the last page has gone: it may only have lost its connection.
constexpr auto linger = 10s;

void log(crier::severity /*level*/, std::string_view line) {
    std::clog << std::string{line} + "\n";
}

/// Milliseconds since 1970, as JavaScript counts.
std::int64_t now() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

/// A polling service that takes samples. Its events have the topic's name as their type. Each
/// sample has a time, since a page that was away gets samples later.
template <class Sampler>
std::shared_ptr<crier::polling_service> sampling(
    std::string topic, std::chrono::milliseconds interval, Sampler sample) {
    crier::polling_options options;
    options.interval = interval;
    options.linger = linger;
    options.type = std::move(topic);
    const auto shared = std::make_shared<Sampler>(std::move(sample));
    return crier::polling(
        [shared]() -> asio::awaitable<json::value> {
            json::value taken = (*shared)();
            taken.as_object()["at"] = now();
            co_return taken;
        },
        std::move(options));
}

class application {
public:
    explicit application(crier::server& server)
        : manager_{server.get_executor(), options()},
          stream_{crier::stream_handler(manager_, stream_options())} {
        const auto add = [this](const std::string& topic, std::chrono::milliseconds interval,
                             auto sample) {
            polling_[topic] = sampling(topic, interval, std::move(sample));
        };
        add("cpu", 1s, [from = dashboard::cpu_sampler{}]() mutable { return from.sample(); });
        add("memory", 1s, [from = dashboard::memory_sampler{}] { return from.sample(); });
        add("network", 1s,
            [from = dashboard::network_sampler{}]() mutable { return from.sample(); });
        add("disk", 1s, [from = dashboard::disk_sampler{}]() mutable { return from.sample(); });
        add("load", 2s, [from = dashboard::load_sampler{}] { return from.sample(); });
        add("processes", 2s,
            [from = dashboard::process_sampler{}]() mutable { return from.sample(); });
        polling_["messages"] = nullptr;
        polling_["streams"] = nullptr;
        std::vector<std::string> names;
        names.reserve(polling_.size());
        for (const auto& [name, service] : polling_) {
            names.push_back(name);
        }
        add("streams", 1s, [this, from = dashboard::streams_sampler{std::move(names)}]() mutable {
            return from.sample(manager_.stats(), crier::streams_of(manager_).open);
        });
    }

    asio::awaitable<void> handle(crier::exchange& request) {
        if (request.path() == "/events") {
            return stream_(request);
        }
        if (request.path() == "/messages") {
            return take_message(request);
        }
        if (request.path() == "/") {
            return show_page(request);
        }
        return request.refuse(http::status::not_found, "nothing here; try /");
    }

    void shutdown() { manager_.shutdown(); }

private:
    crier::manager_options options() const {
        crier::manager_options options;
        options.log = log;
        // The page sees them, and so knows a quiet server from a connection that is dead.
        options.heartbeat_events = true;
        options.heartbeat_interval = 10s;
        // Each message has its own key, so that the newest messages are retained.
        crier::topic_rule messages;
        messages.matches = crier::exactly("messages");
        messages.history.events = 100;
        messages.history.age = std::chrono::milliseconds::max();
        messages.retain = crier::retention::newest_per_key;
        options.keys_limit = first_messages;
        // The tables need no history. But a stream resumes without a gap only as far back as all
        // its topics have one.
        crier::topic_rule samples;
        samples.matches = crier::starting_with("");
        samples.history.events = paper / 1s;
        samples.history.age = paper;
        samples.retain = crier::retention::newest;
        samples.source = [this](std::string_view topic) { return polling_.at(std::string{topic}); };
        options.rules = {messages, samples};
        // For a slow page, the newest samples are worth more than old ones.
        options.queue.overflow = crier::overflow_policy::drop_oldest;
        return options;
    }

    /// `/events?topic=cpu&topic=load`: one stream of the topics asked for. A browser that loses it
    /// reconnects soon, and gets what it missed.
    crier::stream_handler_options stream_options() const {
        crier::stream_handler_options options;
        options.find = [this](std::string_view topic) {
            return polling_.contains(topic) ? std::optional{crier::topic_options{}} : std::nullopt;
        };
        options.stream.retry = 1s;
        return options;
    }

    static asio::awaitable<void> show_page(crier::exchange& request) {
        const bool is_answered = co_await request.allow_methods("GET");
        if (!is_answered) {
            co_await request.respond(
                http::status::ok, std::string{page}, "text/html; charset=utf-8");
        }
    }

    asio::awaitable<void> take_message(crier::exchange& request) {
        const bool is_answered = co_await request.allow_methods("POST");
        if (!is_answered) {
            co_await post(request);
        }
    }

    asio::awaitable<void> post(crier::exchange& request) {
        // Browsers send a preflight before a page of another origin posts this type; it is refused
        // here.
        if (request.request()[http::field::content_type] != "application/json") {
            return request.refuse(
                http::status::unsupported_media_type, "the content type must be application/json");
        }
        boost::system::error_code error;
        const json::value body = json::parse(request.request().body(), error);
        const json::value* const text =
            body.is_object() ? body.as_object().if_contains("text") : nullptr;
        if (error || text == nullptr || !text->is_string() || text->as_string().empty()) {
            return request.refuse(http::status::bad_request,
                R"(the body must be {"text": "..."}, and the text not empty)");
        }
        if (text->as_string().size() > longest_message) {
            return request.refuse(http::status::payload_too_large,
                "a message may have " + std::to_string(longest_message) + " bytes at most");
        }
        const std::string key = std::to_string(++messages_);
        crier::publish_options options;
        options.type = "messages";
        options.key = key;
        const json::value message{{"text", *text}, {"at", now()}};
        const auto published = manager_.publish("messages", message, options);
        if (!published) {
            return request.refuse(http::status::service_unavailable, published.error().message());
        }
        return request.respond(http::status::accepted);
    }

    crier::manager manager_;
    crier::server::handler stream_;
    std::map<std::string, std::shared_ptr<crier::polling_service>, std::less<>> polling_;
    std::atomic<std::uint64_t> messages_{0};
};

void run(const crier::server_options& options) {
    crier::server server{options};
    application dashboard{server};
    std::cout << "crier dashboard on " << example::url_of(server, options) << "/\n" << std::flush;
    server.on_shutdown([&dashboard] { dashboard.shutdown(); });
    example::obey_signals(server, options);
    server.run([&dashboard](crier::exchange& request) { return dashboard.handle(request); });
}

} // namespace

int main(int argc, char** argv) {
    return example::run_server(
        argc, argv, "Shows the machine that it runs on, live in any number of browsers.", run);
}
