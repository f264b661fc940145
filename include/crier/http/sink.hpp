#pragma once

#include <crier/async/detail/wakeable.hpp>
#include <crier/export.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace crier {

/// Where a session writes its stream. A sink takes what it can at once, and wakes its user when it
/// can take more or when the peer has gone. Derive from it to stream over something of your own,
/// and give its maker to `serve`.
///
/// Thread safety: all members and handlers belong to one executor.
/// Lifetime: outstanding handlers keep the sink alive. The session waits for `idle()` before it
/// lets the stream below be destroyed.
class CRIER_EXPORT sink : public std::enable_shared_from_this<sink> {
public:
    using buffers = std::span<const boost::asio::const_buffer>;

    virtual ~sink() = default;

    /// Writes some of the bytes, and returns how many; 0 with an error. After `would_block` the
    /// sink calls `wake_user` when it can take more. It is then given the same bytes again, perhaps
    /// followed by others.
    virtual std::size_t write_some(buffers bytes, boost::system::error_code& error) = 0;

    /// How many of the buffers that it was given last it still uses after `would_block`. They stay
    /// valid until its next write.
    virtual std::size_t in_flight() const noexcept { return 0; }

    /// Begins to watch whether the peer closes the connection. The sink tells each read to
    /// `received`.
    virtual void watch_peer() = 0;

    /// Ends the body, all of which was written, where that takes more than bytes, as on a stream of
    /// HTTP/2. `cancel` follows.
    virtual void finish() {}

    /// Gives up all waits, and restores the stream's settings.
    virtual void cancel() = 0;

    /// Limits how many bytes the kernel buffers to send, and how long it keeps them for a peer that
    /// takes nothing.
    virtual void limit_buffering(std::size_t bytes, std::chrono::milliseconds longest) = 0;

    /// Sets the user that `wake_user` wakes.
    void attach(detail::wakeable* user) noexcept { user_ = user; }

    /// Set once the peer has gone or can no longer be read.
    const boost::system::error_code& peer_error() const noexcept { return peer_error_; }

    /// Whether no handler is outstanding, so that the stream below may be destroyed.
    virtual bool idle() const noexcept { return true; }

protected:
    void wake_user() {
        if (user_ != nullptr) {
            user_->wake();
        }
    }

    /// Takes the result of a read, and returns whether to read on. A client of an event stream
    /// sends nothing; after 4 KB the connection counts as failed.
    bool received(boost::system::error_code error, std::size_t size) noexcept;

    /// A read that had completed before the cancellation must not be followed by another.
    bool cancelled_ = false;

private:
    std::uint32_t received_ = 0;
    detail::wakeable* user_ = nullptr;
    boost::system::error_code peer_error_;
};

} // namespace crier
