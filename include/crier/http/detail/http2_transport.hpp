#pragma once

#include <crier/export.hpp>
#include <crier/http/make_sink.hpp>
#include <crier/http/sink.hpp>
#include <crier/http/tls.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace crier::detail {

/// What a connection of HTTP/2 needs of the stream below it. All on its executor.
class CRIER_EXPORT http2_transport {
public:
    http2_transport(const http2_transport&) = delete;
    http2_transport& operator=(const http2_transport&) = delete;
    virtual ~http2_transport() = default;

    const boost::asio::any_io_executor& get_executor() const noexcept { return executor_; }

    virtual std::shared_ptr<sink> make_sink() = 0;

    /// The next bytes. They are valid until the caller waits for anything.
    virtual boost::asio::awaitable<std::string_view> read(boost::system::error_code& error) = 0;

    /// Ends a read that waits.
    virtual void cancel() = 0;

    /// As `exchange::peer`.
    virtual std::string peer() const { return {}; }

    /// None: it is not encrypted, or not by crier.
    virtual std::optional<tls_state> tls() const { return std::nullopt; }

    /// Tells the peer that nothing follows, where that is not the caller's part.
    virtual void shut_down() noexcept {}

protected:
    explicit http2_transport(boost::asio::any_io_executor executor)
        : executor_{std::move(executor)} {}

private:
    const boost::asio::any_io_executor executor_;
};

/// A stream of the program's.
template <class Stream>
class stream_transport final : public http2_transport {
public:
    stream_transport(Stream& stream, const boost::asio::any_io_executor& executor)
        : http2_transport{executor}, stream_{stream} {}

    std::shared_ptr<sink> make_sink() override { return crier::make_sink(stream_, get_executor()); }

    boost::asio::awaitable<std::string_view> read(boost::system::error_code& error) override {
        const boost::asio::cancellation_state state =
            co_await boost::asio::this_coro::cancellation_state;
        const forwarding both{state.slot(), ended_};
        const std::size_t size = co_await stream_.async_read_some(boost::asio::buffer(room_),
            boost::asio::bind_cancellation_slot(
                ended_.slot(), boost::asio::redirect_error(boost::asio::use_awaitable, error)));
        error = as_of_socket(error);
        co_return std::string_view{room_.data(), size};
    }

    void cancel() override { ended_.emit(boost::asio::cancellation_type::terminal); }

private:
    /// Hands the coroutine's cancellation on.
    class forwarding {
    public:
        forwarding(boost::asio::cancellation_slot from, boost::asio::cancellation_signal& to)
            : from_{from} {
            if (from_.is_connected()) {
                from_.assign([&to](boost::asio::cancellation_type type) { to.emit(type); });
            }
        }
        forwarding(const forwarding&) = delete;
        forwarding& operator=(const forwarding&) = delete;
        ~forwarding() {
            if (from_.is_connected()) {
                from_.clear();
            }
        }

    private:
        boost::asio::cancellation_slot from_;
    };

    Stream& stream_;
    boost::asio::cancellation_signal ended_;
    std::array<char, 4096> room_{};
};

} // namespace crier::detail
