#include "life.hpp"

#if HAVE_TLS
#include "support/tls_peer.hpp"
#endif

#include <algorithm>

namespace crier::model {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

server_options serving(dice& random) {
    server_options options;
    options.port = 0;
    options.threads = 1 + random(2);
    options.log = [](severity, std::string_view) {};
    return options;
}

#if HAVE_TLS
tls_server_options encrypting() {
    static const test::certificate_files files{test::certificate{"DNS:localhost"}};
    tls_server_options options;
    options.certificates.push_back({files.chain(), files.key()});
    return options;
}
#endif

/// The first topics keep much, the next little, then comes one that keeps its state, and one that
/// keeps nothing.
manager_options managing(dice& random) {
    manager_options options;
    options.log = [](severity, std::string_view) {};
    options.queue = {8 + random(200), 4'000 + random(100'000)};
    if (random(3) == 0) {
        // Of so little that most is refused, to so much that only a burst is.
        options.memory_limit = 20'000 + random(20'000U << random(7));
    }
    for (const char* topic : {"t0", "t1", "t2"}) {
        options.rules.push_back({.matches = exactly(topic),
            .history = {.events = 20'000, .bytes = 10'000'000, .age = 1h}});
    }
    options.rules.push_back(
        {.matches = exactly("t3"), .history = {.events = 1 + random(300), .age = 1h}});
    options.rules.push_back(
        {.matches = exactly("t4"), .history = {.events = 10'000, .bytes = 2'000, .age = 1h}});
    options.rules.push_back({.matches = exactly("t5"), .history = {.events = 10'000, .age = 20ms}});
    options.rules.push_back({.matches = exactly("t" + std::to_string(state_topic)),
        .history = {.age = 1h},
        .retain = retention::newest_per_key});
    return options;
}

std::optional<queue_limits> policy_in(std::string_view query, const queue_limits& usual) {
    using enum overflow_policy;
    for (const overflow_policy each :
        {drop_newest, drop_oldest, conflate_always, conflate, signal, disconnect}) {
        if (query.starts_with(to_string(each))) {
            queue_limits limits = usual;
            limits.overflow = each;
            return limits;
        }
    }
    return std::nullopt;
}

asio::awaitable<std::vector<event>> say_nothing(const gap& lost) {
    std::vector<event> made(1);
    made[0].type = "hidden";
    made[0].id = to_string(lost.to);
    co_return made;
}

/// A stream that joins without passing over what was read back already.
asio::awaitable<void> join_badly(exchange& request, manager& events, serve_options options) {
    subscribe_options live;
    live.executor = request.get_executor();
    subscribe_options back = live;
    back.last_event_id = last_event_id_of(head_of(request.request()));
    subscription fresh = events.subscribe(options.topics, live);
    subscription past = events.subscribe(options.topics, back);
    stream_writer out = request.writer();
    co_await out.write_headers();
    for (auto next = past.try_receive(); next; next = past.try_receive()) {
        frame written = *next;
        co_await out.write(std::move(written));
    }
    bool is_open = co_await out.wait(fresh.get_signal());
    while (is_open) {
        for (auto next = fresh.try_receive(); next; next = fresh.try_receive()) {
            frame written = *next;
            co_await out.write(std::move(written));
        }
        is_open = co_await out.wait(fresh.get_signal());
    }
    co_await out.finish();
}

} // namespace

life::life(std::uint32_t seed, fault broken)
    : server_{[seed] {
          dice random{seed};
          return serving(random);
      }()},
      events_{server_.get_executor(), [seed] {
                  dice random{seed + 1};
                  return managing(random);
              }()} {
    epoch_ = events_.publish("numbering", "begins")->epoch;
    server_.on_shutdown([this] { events_.shutdown(); });
#if HAVE_TLS
    dice random{seed + 2};
    server_options encrypted = serving(random);
    encrypted.tls = encrypting();
    tls_server_.emplace(std::move(encrypted));
    serve(*tls_server_, broken);
#endif
    serve(server_, broken);
}

void life::serve(server& on, fault broken) {
    running_.emplace_back([this, &on, broken] {
        on.run([this, broken](exchange& request) { return answer(request, broken); });
    });
}

asio::awaitable<void> life::answer(exchange& request, fault broken) {
    serve_options options;
    options.topics = topics_of(head_of(request.request())).value();
    options.queue = policy_in(request.query(), queue_limits{64, 20'000});
    if (broken == fault::gap) {
        options.on_gap = say_nothing;
    }
    if (broken == fault::join) {
        co_await join_badly(request, events_, std::move(options));
    } else {
        co_await request.stream(events_, std::move(options));
    }
}

bool life::publish(std::size_t publisher, std::uint64_t number, dice& random) {
    note made;
    made.topic = random(topic_count);
    made.key = random(5);
    made.number = number;
    const std::string key = std::to_string(made.key);
    const std::string topic = std::to_string(made.topic);
    publish_options options;
    options.key = key;
    const auto id = events_.publish(std::string{"t"}.append(topic),
        std::string{topic}.append(" ").append(key).append(" ").append(std::to_string(number)),
        options);
    if (!id) {
        return false;
    }
    made.sequence = id->sequence;
    notes_[publisher].push_back(made);
    return true;
}

void life::end(bool properly) {
    const auto deadline = properly ? 20s : 0s;
    server_.shutdown(deadline);
    if (tls_server_) {
        tls_server_->shutdown(deadline);
    }
    for (std::thread& each : running_) {
        each.join();
    }
}

std::vector<note> life::take_notes() {
    std::vector<note> all = std::move(notes_[0]);
    all.insert(all.end(), notes_[1].begin(), notes_[1].end());
    return all;
}

} // namespace crier::model
