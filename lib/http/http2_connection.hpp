#pragma once

#include <crier/async/detail/handler_memory.hpp>
#include <crier/http/server.hpp>

#include "async/alarms.hpp"
#include "drain_schedule.hpp"
#include "flood_guard.hpp"
#include "frame_meter.hpp"
#include "http2_deadlines.hpp"
#include "http2_frames.hpp"
#include "http2_stream.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

namespace crier::detail {

/// Who answers the requests of a connection.
class http2_requests {
public:
    using request = std::variant<refused_request, std::unique_ptr<received>>;

    virtual void begin(std::shared_ptr<http2_stream> on, request asked) noexcept = 0;
    /// Whether a request is under way.
    virtual void changed(bool is_idle) noexcept = 0;
    /// Nothing more is to be read.
    virtual void is_over() noexcept = 0;

protected:
    ~http2_requests() = default;
};

/// A connection of HTTP/2, with nghttp2: what comes in is given to it, and what its streams write
/// goes out together, once for all that is written meanwhile. All on one executor.
/// Source: RFC 9113.
class http2_connection final : public wakeable,
                               public std::enable_shared_from_this<http2_connection> {
public:
    /// Lifetime: options and requests must outlive it until it is closed.
    http2_connection(boost::asio::any_io_executor executor, std::shared_ptr<sink> to,
        std::shared_ptr<alarms> timing, const server_options& options, http2_requests& requests);
    http2_connection(const http2_connection&) = delete;
    http2_connection& operator=(const http2_connection&) = delete;

    /// Tells the client the settings. First, and once.
    void start();

    void receive(std::string_view bytes);

    /// Takes no more requests, and ends once those that are under way have ended. Streams of a
    /// manager, which clients resume, are ended until then; `max`: they are left alone.
    void drain(clock::time_point by = clock::time_point::max());

    /// Says good-bye, if that takes no waiting, and ends all streams.
    void close(boost::system::error_code why) noexcept;

    bool is_over() const noexcept { return is_over_; }
    /// Whether it has ended in order, all that was to be sent with it.
    bool has_drained() const noexcept { return has_drained_; }

    /// What has gone on: the sink can take more, or a deadline is due.
    void wake() override;

    // For its streams:

    std::size_t write(http2_stream& by, sink::buffers bytes, boost::system::error_code& error);
    void finish(http2_stream& which);
    void reset(http2_stream& which);
    void limit_buffering(std::size_t bytes, std::chrono::milliseconds longest);

private:
    friend struct nghttp2_calls;

    using all_streams = boost::intrusive::list<http2_stream,
        boost::intrusive::base_hook<open_stream>, boost::intrusive::constant_time_size<false>>;
    using some_streams = boost::intrusive::list<http2_stream,
        boost::intrusive::base_hook<waiting_stream>, boost::intrusive::constant_time_size<false>>;

    nghttp2_session* session() const noexcept { return frames_.session(); }
    http2_output& output() noexcept { return frames_.output(); }
    const http2_output& output() const noexcept { return frames_.output(); }
    bool has_room() const noexcept;
    void flush();
    void flush_soon();
    void go_on();
    void settle() noexcept;
    void act_on_notes();
    void wake_waiting();
    static void put(some_streams& into, http2_stream& which) noexcept;
    void end_with(std::uint32_t error) noexcept;
    void arm(clock::time_point at) noexcept;
    /// When its end has to have come.
    clock::time_point due_of(const http2_request& incoming) const noexcept;
    void check_deadlines(clock::time_point now) noexcept;
    void end_streams(std::size_t count) noexcept;

    const boost::asio::any_io_executor executor_;
    const std::shared_ptr<alarms> timing_;
    const server_options& options_;
    http2_requests& requests_;
    http2_frames frames_;
    all_streams streams_;
    all_streams ended_;     ///< they are to be told
    some_streams complete_; ///< their requests have come in
    some_streams waiting_;  ///< for room; those of them that wait for a window are not here
    alarm alarm_{*this};
    small_handler_memory flush_memory_;
    http2_deadlines deadlines_;
    frame_meter meter_;
    flood_guard guard_;
    drain_schedule ends_;
    std::uint32_t turn_ = 1;
    std::size_t buffering_ = 0;
    bool is_flush_posted_ = false;
    bool is_draining_ = false;
    bool may_have_window_ = false;
    bool was_flooded_ = false;
    bool has_drained_ = false;
    bool is_over_ = false;
};

} // namespace crier::detail
