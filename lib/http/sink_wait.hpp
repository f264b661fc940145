#pragma once

#include <crier/async/detail/wakeable.hpp>
#include <crier/async/signal.hpp>
#include <crier/http/sink.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <memory>
#include <utility>

namespace crier::detail {

/// The user of a sink, which waits until that goes on.
class sink_wait final : public wakeable {
public:
    sink_wait(std::shared_ptr<sink> of, const boost::asio::any_io_executor& executor)
        : of_{std::move(of)}, woken_{executor} {
        of_->attach(this);
    }
    sink_wait(const sink_wait&) = delete;
    sink_wait& operator=(const sink_wait&) = delete;
    ~sink_wait() { of_->attach(nullptr); }

    /// Until the sink has woken its user, or at a cancellation.
    boost::asio::awaitable<void> next() {
        boost::system::error_code ignored;
        co_await woken_.async_wait(
            boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }

    void wake() override { woken_.set(); }

    // For a time limit:
    void cancel() { woken_.set(); }
    const boost::asio::any_io_executor& get_executor() const noexcept {
        return woken_.get_executor();
    }

private:
    const std::shared_ptr<sink> of_;
    signal woken_;
};

} // namespace crier::detail
