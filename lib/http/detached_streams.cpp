#include "detached_streams.hpp"

#include <crier/wire/errc.hpp>

#include "async/context_members.hpp"
#include "pubsub/log_failure.hpp"

#include <boost/system/system_error.hpp>

#include <utility>

namespace crier::detail {

namespace asio = boost::asio;

detached_streams::detached_streams(asio::any_io_executor executor, logger log,
    std::atomic<std::size_t>& connections, std::function<void()> on_end)
    : executor_{std::move(executor)},
      log_{std::move(log)},
      connections_{&connections},
      on_end_{std::move(on_end)},
      poller_{std::make_shared<poller>(executor_)} {}

detached_streams::detached_streams(
    asio::any_io_executor executor, logger log, std::function<void()> on_end)
    : executor_{std::move(executor)}, log_{std::move(log)}, on_end_{std::move(on_end)} {}

/// Those that are left go with the context, or end there by themselves.
detached_streams::~detached_streams() {
    if (!empty()) {
        context_members<session>::of(executor_).for_each([this](session& each) {
            if (has(each)) {
                each.disown();
            }
        });
    }
}

void detached_streams::begin(connection_stream& from, detached_order ordered) {
    if (is_over_) {
        throw boost::system::system_error{errc::shut_down};
    }
    begin(make_polled_sink(poller_, from), std::move(ordered), with_connection_);
}

void detached_streams::begin(std::shared_ptr<sink> to, detached_order ordered) {
    if (is_over_) {
        throw boost::system::system_error{errc::shut_down};
    }
    begin(std::move(to), std::move(ordered), on_shared_);
}

void detached_streams::begin(std::shared_ptr<sink> to, detached_order ordered, stream_end& then) {
    const std::shared_ptr<shard> on = ordered.events->shard_of(executor_);
    const auto made = session::make(
        std::move(ordered.events), on, std::move(to), std::move(ordered.decided), then);
    ++open_;
    try {
        made->start();
    } catch (...) {
        log_failure(log_, "a stream failed: ", std::current_exception());
    }
}

void detached_streams::stream_end::ended(
    end_reason /*reason*/, const std::exception_ptr& failure) noexcept {
    if (failure) {
        log_failure(all_.log_, "a stream failed: ", failure);
    }
    abandoned();
    all_.on_end_();
}

void detached_streams::stream_end::abandoned() noexcept {
    --all_.open_;
    if (has_connection_) {
        --*all_.connections_;
    }
}

void detached_streams::end() noexcept {
    is_over_ = true;
    cut();
}

void detached_streams::cut() noexcept {
    context_members<session>::of(executor_).for_each([this](session& each) {
        try {
            if (has(each)) {
                each.cut();
            }
        } catch (...) {
            log_failure(log_, "cannot cut a stream: ", std::current_exception());
        }
    });
}

} // namespace crier::detail
