#pragma once

#include <crier/export.hpp>
#include <crier/http/sink.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/container/static_vector.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace crier::detail {

CRIER_EXPORT void limit_buffering(
    int socket, std::size_t bytes, std::chrono::milliseconds longest) noexcept;

/// An error of a stream as one of a socket: a peer of TLS that has left without a word (RFC 8446,
/// section 6.1) has left.
CRIER_EXPORT boost::system::error_code as_of_socket(
    const boost::system::error_code& error) noexcept;

/// A sink whose handlers are Asio's.
class CRIER_EXPORT asynchronous_sink : public sink {
public:
    bool idle() const noexcept override { return outstanding_ == 0; }

protected:
    explicit asynchronous_sink(boost::asio::any_io_executor executor)
        : executor_{std::move(executor)} {}

    /// Binds a handler to the executor and keeps the sink while it is outstanding.
    template <class Handler>
    auto outstanding(Handler handler) {
        return boost::asio::bind_executor(executor_,
            [kept = keeper{std::static_pointer_cast<asynchronous_sink>(shared_from_this())},
                handler = std::move(handler)](
                boost::system::error_code error, std::size_t size = 0) mutable {
                const std::shared_ptr<asynchronous_sink> self = kept.end();
                handler(error, size);
                self->wake_user();
            });
    }

private:
    /// Counts a handler for as long as it is there, called or not.
    class keeper {
    public:
        explicit keeper(std::shared_ptr<asynchronous_sink> of) noexcept : of_{std::move(of)} {
            ++of_->outstanding_;
        }
        keeper(keeper&&) noexcept = default;
        keeper& operator=(keeper&&) = delete;
        ~keeper() { end(); }

        std::shared_ptr<asynchronous_sink> end() noexcept {
            if (of_) {
                --of_->outstanding_;
            }
            return std::move(of_);
        }

    private:
        std::shared_ptr<asynchronous_sink> of_;
    };

    const boost::asio::any_io_executor executor_;
    unsigned outstanding_ = 0;
};

template <class Stream>
concept plain_socket = requires(Stream& stream) {
    stream.non_blocking(true);
    stream.native_handle();
    stream.wait(boost::asio::socket_base::wait_write);
};

/// A socket. It is written without waiting; only when it is full does the sink wait for room.
template <plain_socket Socket>
class socket_sink final : public asynchronous_sink {
public:
    socket_sink(Socket& socket, boost::asio::any_io_executor executor)
        : asynchronous_sink{std::move(executor)},
          socket_{socket},
          was_non_blocking_{socket.non_blocking()} {
        boost::system::error_code error;
        socket_.non_blocking(true, error);
    }

    std::size_t write_some(buffers bytes, boost::system::error_code& error) override {
        if (waiting_) {
            error = boost::asio::error::would_block;
            return 0;
        }
        const std::size_t written = socket_.write_some(bytes, error);
        if (error == boost::asio::error::would_block) {
            socket_.async_wait(boost::asio::socket_base::wait_write,
                outstanding([this](boost::system::error_code, std::size_t) { waiting_ = false; }));
            waiting_ = true;
        }
        return written;
    }

    std::size_t in_flight() const noexcept override {
        if constexpr (requires { socket_.in_flight(); }) {
            return socket_.in_flight();
        } else {
            return 0;
        }
    }

    void watch_peer() override {
        // Without a buffer of its own, which would lie idle for days.
        socket_.async_wait(boost::asio::socket_base::wait_read,
            outstanding([this](boost::system::error_code error, std::size_t) {
                if (cancelled_) {
                    return; // the socket may be gone
                }
                if (read_all(error)) {
                    watch_peer();
                }
            }));
    }

    void cancel() override {
        cancelled_ = true;
        boost::system::error_code error;
        socket_.cancel(error);
        socket_.non_blocking(was_non_blocking_, error);
    }

    void limit_buffering(std::size_t bytes, std::chrono::milliseconds longest) override {
        detail::limit_buffering(socket_.native_handle(), bytes, longest);
    }

private:
    /// TLS may have more than the socket tells of. Tells whether to go on.
    bool read_all(boost::system::error_code error) {
        std::array<char, 256> ignored{};
        while (true) {
            const std::size_t size =
                error ? 0 : socket_.read_some(boost::asio::buffer(ignored), error);
            if (error == boost::asio::error::would_block) {
                return received({}, 0);
            }
            if (!received(error, size)) {
                return false;
            }
        }
    }

    Socket& socket_;
    const bool was_non_blocking_;
    bool waiting_ = false;
};

/// Any other stream, such as TLS: one asynchronous write at a time.
template <class Stream>
class stream_sink final : public asynchronous_sink {
public:
    stream_sink(Stream& stream, boost::asio::any_io_executor executor)
        : asynchronous_sink{std::move(executor)}, stream_{stream} {}

    std::size_t write_some(buffers bytes, boost::system::error_code& error) override {
        if (written_ > 0 || write_error_) {
            error = write_error_;
            in_flight_ = 0;
            return std::exchange(written_, 0);
        }
        if (!writing_) {
            // A copy: the span's array is gone before the write is.
            const boost::container::static_vector<boost::asio::const_buffer, most_buffers> kept(
                bytes.begin(),
                bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), most_buffers)));
            in_flight_ = kept.size();
            stream_.async_write_some(
                kept, boost::asio::bind_cancellation_slot(write_cancellation_.slot(),
                          outstanding([this](boost::system::error_code result, std::size_t size) {
                              writing_ = false;
                              write_error_ = as_of_socket(result);
                              written_ = size;
                          })));
            writing_ = true;
        }
        error = boost::asio::error::would_block;
        return 0;
    }

    std::size_t in_flight() const noexcept override { return in_flight_; }

    void watch_peer() override {
        stream_.async_read_some(boost::asio::buffer(ignored_),
            boost::asio::bind_cancellation_slot(read_cancellation_.slot(),
                outstanding([this](boost::system::error_code error, std::size_t size) {
                    if (received(as_of_socket(error), size)) {
                        watch_peer();
                    }
                })));
    }

    void cancel() override {
        cancelled_ = true;
        write_cancellation_.emit(boost::asio::cancellation_type::terminal);
        read_cancellation_.emit(boost::asio::cancellation_type::terminal);
    }

    void limit_buffering(std::size_t bytes, std::chrono::milliseconds longest) override {
        auto& lowest = boost::beast::get_lowest_layer(stream_);
        if constexpr (plain_socket<std::remove_reference_t<decltype(lowest)>>) {
            detail::limit_buffering(lowest.native_handle(), bytes, longest);
        } else if constexpr (requires { lowest.socket().native_handle(); }) {
            detail::limit_buffering(lowest.socket().native_handle(), bytes, longest);
        }
    }

private:
    static constexpr std::size_t most_buffers = 16;

    Stream& stream_;
    std::array<char, 64> ignored_{};
    boost::asio::cancellation_signal write_cancellation_;
    boost::asio::cancellation_signal read_cancellation_;
    boost::system::error_code write_error_;
    std::size_t written_ = 0;
    std::size_t in_flight_ = 0;
    bool writing_ = false;
};

} // namespace crier::detail
