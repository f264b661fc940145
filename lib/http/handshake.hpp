#pragma once

#include <crier/async/clock.hpp>

#include "async/local_signal.hpp"
#include "connection_stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>

namespace crier::detail {

/// How many handshakes are under way at once on a thread. More wait for their turn.
class handshake_room {
public:
    explicit handshake_room(std::size_t places) noexcept : free_{places} {}

    /// One of its places, or the wait for it.
    class place : public boost::intrusive::list_base_hook<
                      boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    public:
        place(handshake_room& in, boost::asio::any_io_executor executor);
        place(const place&) = delete;
        place& operator=(const place&) = delete;
        ~place();

        bool is_taken() const noexcept { return is_taken_; }
        /// Set when it is taken, or at `cancel`.
        local_signal& woken() noexcept { return woken_; }

        // For a time limit:
        void cancel() { woken_.set(); }
        const boost::asio::any_io_executor& get_executor() const noexcept { return executor_; }

    private:
        friend class handshake_room;

        handshake_room& in_;
        const boost::asio::any_io_executor executor_;
        local_signal woken_;
        bool is_taken_ = false;
    };

private:
    void give_back();

    std::size_t free_;
    bool is_waking_ = false;
    boost::intrusive::list<place, boost::intrusive::constant_time_size<false>> waiting_;
};

/// Encrypts a connection, which takes memory, once there is a place, and lets it shake hands. The
/// time includes the wait. `operation_aborted`: it was not enough.
boost::asio::awaitable<boost::system::error_code> shake_hands(
    connection_stream& on, const encryption& by, handshake_room& in, clock::duration longest);

} // namespace crier::detail
