// Shows a hub: a stream waits for changes of an approval's state, which is kept elsewhere.
// Try it with (ID is in the first one's answer):
//     curl -X POST http://127.0.0.1:8080/requests
//     curl -N http://127.0.0.1:8080/requests/ID/events
//     curl -d '{"status":"approved"}' http://127.0.0.1:8080/requests/ID

#include <crier/crier.hpp>
#include <crier/http/server.hpp>

#include "common/options.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace json = boost::json;
using boost::uuids::uuid;

namespace {

enum class status { pending, in_review, approved, rejected };
constexpr std::array<std::string_view, 4> status_names{
    "pending", "in_review", "approved", "rejected"};

bool is_final(status of) { return of == status::approved || of == status::rejected; }

/// The requests for approval, and a hub that wakes streams when one changes. Any thread.
class approvals {
public:
    explicit approvals(const asio::any_io_executor& executor) : changes_{executor} {}

    enum class outcome { changed, already_final, unknown };

    /// Adds a request. Once there are too many, the oldest is removed.
    uuid add() {
        const uuid added = boost::uuids::random_generator{}();
        std::optional<uuid> forgotten;
        {
            const std::lock_guard lock{mutex_};
            states_.emplace(added, status::pending);
            by_age_.push_back(added);
            if (by_age_.size() > most) {
                forgotten = by_age_.front();
                by_age_.pop_front();
                states_.erase(*forgotten);
            }
        }
        if (forgotten) {
            changes_.publish(*forgotten);
        }
        return added;
    }

    outcome change(const uuid& id, status to) {
        {
            const std::lock_guard lock{mutex_};
            const auto found = states_.find(id);
            if (found == states_.end()) {
                return outcome::unknown;
            }
            if (is_final(found->second)) {
                return outcome::already_final;
            }
            found->second = to;
        }
        changes_.publish(id);
        return outcome::changed;
    }

    std::optional<status> find(const uuid& id) const {
        const std::lock_guard lock{mutex_};
        const auto found = states_.find(id);
        return found == states_.end() ? std::nullopt : std::optional{found->second};
    }

    crier::hub<uuid>& changes() noexcept { return changes_; }

private:
    static constexpr std::size_t most = 10'000;

    crier::hub<uuid> changes_;
    mutable std::mutex mutex_;
    std::unordered_map<uuid, status, boost::hash<uuid>> states_;
    std::deque<uuid> by_age_;
};

std::optional<uuid> parse_id(std::string_view text) {
    try {
        return boost::uuids::string_generator{}(text.begin(), text.end());
    } catch (const std::runtime_error&) {
        return std::nullopt;
    }
}

std::optional<status> parse_status(const std::string& body) {
    boost::system::error_code error;
    const json::value parsed = json::parse(body, error);
    const json::object* const fields = parsed.if_object();
    const json::value* const field = fields != nullptr ? fields->if_contains("status") : nullptr;
    const json::string* const name = field != nullptr ? field->if_string() : nullptr;
    const auto* const found = name != nullptr
                                ? std::ranges::find(status_names, std::string_view{*name})
                                : status_names.end();
    return found == status_names.end()
             ? std::nullopt
             : std::optional{static_cast<status>(found - status_names.begin())};
}

std::string describe(const uuid& id, std::optional<status> state = {}) {
    json::object fields;
    fields.emplace("request_id", to_string(id));
    if (state) {
        fields.emplace("status", status_names[static_cast<std::size_t>(*state)]);
    }
    return json::serialize(fields);
}

asio::awaitable<void> create(crier::exchange& request, approvals& requests) {
    const uuid id = requests.add();
    crier::exchange::response_type response{http::status::created, request.request().version()};
    response.set(http::field::location, "/requests/" + to_string(id));
    response.set(http::field::content_type, "application/json");
    response.body() = describe(id, status::pending);
    co_await request.respond(std::move(response));
}

asio::awaitable<void> change(crier::exchange& request, approvals& requests, uuid id) {
    const std::optional<status> to = parse_status(request.request().body());
    if (!to) {
        co_await request.refuse(http::status::bad_request, R"(expected {"status":"..."})");
        co_return;
    }
    const approvals::outcome outcome = requests.change(id, *to);
    if (outcome == approvals::outcome::changed) {
        co_await request.respond(http::status::ok, describe(id, to), "application/json");
    } else if (outcome == approvals::outcome::already_final) {
        co_await request.refuse(http::status::conflict, "already approved or rejected");
    }
}

asio::awaitable<void> stream_changes(crier::exchange& request, approvals& requests, uuid id) {
    // Subscribe first, then read the state: no change can be missed in between.
    auto subscription = requests.changes().subscribe(id, request.get_executor());
    std::optional<status> state = requests.find(id);
    if (!state) {
        co_return;
    }
    crier::stream_writer out = request.writer();
    co_await out.write_headers();

    crier::event told;
    told.type = "updated";
    told.data = describe(id);
    bool open = true;
    while (open && state && !is_final(*state)) {
        open = co_await out.wait(subscription.get_signal());
        state = requests.find(id);
        if (open && state) {
            co_await out.write(told);
        }
    }
    if (state && is_final(*state)) {
        told.type = "status";
        told.data = describe(id, state);
        co_await out.write(told);
    }
    co_await out.finish();
}

asio::awaitable<void> handle_collection(crier::exchange& request, approvals& requests) {
    const bool is_answered = co_await request.allow_methods("POST");
    if (!is_answered) {
        co_await create(request, requests);
    }
}

asio::awaitable<void> handle_one(crier::exchange& request, approvals& requests, uuid id) {
    const bool is_answered = co_await request.allow_methods("GET, POST");
    if (is_answered) {
        co_return;
    }
    if (request.request().method() == http::verb::post) {
        co_await change(request, requests, id);
    } else if (const auto state = requests.find(id)) {
        co_await request.respond(http::status::ok, describe(id, state), "application/json");
    }
}

/// A request that is not answered here gets 404.
asio::awaitable<void> handle(crier::exchange& request, approvals& requests) {
    constexpr std::string_view collection = "/requests";
    constexpr std::string_view events = "/events";
    std::string_view path = request.path();
    if (path == collection) {
        co_await handle_collection(request, requests);
    }
    if (!path.starts_with("/requests/")) {
        co_return;
    }
    path.remove_prefix(collection.size() + 1);
    const bool is_stream = path.ends_with(events);
    path.remove_suffix(is_stream ? events.size() : 0);
    const std::optional<uuid> id = parse_id(path);
    if (!id) {
        co_await request.refuse(http::status::bad_request, "the id is not a UUID");
    } else if (is_stream) {
        co_await stream_changes(request, requests, *id);
    } else {
        co_await handle_one(request, requests, *id);
    }
}

void run(const crier::server_options& options) {
    crier::server server{options};
    approvals requests{server.get_executor()};

    server.on_shutdown([&requests] { requests.changes().close(); });
    example::obey_signals(server, options);
    std::cout << example::url_of(server, options) << "/requests\n" << std::flush;
    server.run([&requests](crier::exchange& request) { return handle(request, requests); });
}

} // namespace

int main(int argc, char** argv) {
    crier::server_options defaults;
    defaults.threads = 2;
    return example::run_server(
        argc, argv, "Keeps requests for approval, and streams their changes.", run, defaults);
}
