#pragma once

#include <crier/http/sink.hpp>

#include "async/alarms.hpp"
#include "async/local_signal.hpp"
#include "coding.hpp"
#include "deadline.hpp"

#include <boost/asio/buffer.hpp>

#include <chrono>
#include <memory>
#include <string_view>

namespace crier::detail {

/// Where a stream's coroutine writes, with what it waits for: the sink can take more, the peer has
/// gone, or a deadline is due; others may wake it as well. It then looks at all of it.
class output : public wakeable {
public:
    output(std::shared_ptr<sink> to, std::chrono::milliseconds interval, std::size_t send_buffer);
    output(const output&) = delete;
    output& operator=(const output&) = delete;
    ~output() { release(); }

    sink& to() const noexcept { return *sink_; }
    /// None once it was released.
    const sink* where() const noexcept { return sink_.get(); }
    const deadline& due() const noexcept { return due_; }

    /// Writes what is taken at once; 0: nothing. What goes wrong is told by `failure`.
    std::size_t write_some(sink::buffers bytes, clock::time_point now);
    std::size_t write_some(std::string_view bytes, clock::time_point now) {
        const boost::asio::const_buffer whole{bytes.data(), bytes.size()};
        return write_some({&whole, 1}, now);
    }

    /// Why the stream cannot go on, if so.
    boost::system::error_code failure(clock::time_point now) const noexcept;

    void wake() override { woken_.set(); }
    local_signal& woken() noexcept { return woken_; }

    /// Lets it be woken when the deadline is due. The alarm stays where a write has moved that: to
    /// set it again would cost more than the write.
    void arm(alarms& by) noexcept {
        if (!alarm_.is_linked()) {
            by.set(alarm_, due_.next());
        }
    }
    void disarm(alarms& by) noexcept { by.clear(alarm_); }
    void arm_at(alarms& by, clock::time_point at) noexcept { by.set(alarm_, at); }

    /// Lets go of the sink; its handlers may still be outstanding: see `is_idle`.
    void close(alarms& by) noexcept {
        disarm(by);
        sink_->cancel();
    }
    bool is_idle() const noexcept { return sink_->idle(); }
    void release() noexcept {
        if (sink_) {
            sink_->attach(nullptr);
            sink_.reset();
        }
    }

private:
    std::shared_ptr<sink> sink_;
    deadline due_;
    local_signal woken_;
    alarm alarm_{*this};
    boost::system::error_code write_error_;
};

} // namespace crier::detail
