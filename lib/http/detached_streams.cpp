#include "detached_streams.hpp"

#include "pubsub/what.hpp"

#include <utility>

namespace crier::detail {

namespace asio = boost::asio;

detached_streams::stream::stream(detached_streams& owner, std::shared_ptr<session> kept)
    : owner_{owner}, connections_{owner.connections_}, session_{std::move(kept)} {
    owner_.streams_.push_back(*this);
    ++connections_;
}

/// Destroys it with its session.
void detached_streams::stream::let_go() {
    unlink();
    const std::shared_ptr<session> last = std::move(session_);
}

void detached_streams::stream::operator()(end_reason /*reason*/, std::exception_ptr failure) {
    if (failure) {
        owner_.log_(severity::error, "a stream failed: " + what(failure));
    }
    unlink();
    owner_.on_end_();
    let_go();
}

detached_streams::detached_streams(asio::any_io_executor executor, logger log,
    std::atomic<std::size_t>& connections, std::function<void()> on_end)
    : executor_{std::move(executor)},
      log_{std::move(log)},
      connections_{connections},
      on_end_{std::move(on_end)},
      poller_{std::make_shared<poller>(executor_)} {}

detached_streams::~detached_streams() {
    while (!streams_.empty()) {
        streams_.front().let_go();
    }
}

void detached_streams::begin(asio::ip::tcp::socket& from, detached_order ordered) {
    auto to = std::make_shared<polled_sink>(poller_, from);
    auto made = std::make_shared<session>(
        ordered.events, ordered.events->home_of(executor_), std::move(to), ordered.decided.as);
    auto then = std::make_unique<stream>(*this, made);
    made->begin(std::move(ordered.decided), std::move(then));
}

void detached_streams::cut() {
    for (const stream& each : streams_) {
        each.get().cut(); // it ends in a later handler
    }
}

} // namespace crier::detail
