#pragma once

#include <crier/http/sink.hpp>

#include "deadline.hpp"
#include "pubsub/event_queue.hpp"

#include <boost/system/error_code.hpp>

#include <memory>
#include <string_view>

namespace crier::detail {

/// How a stream wants its frames: as they are, or as chunks of the chunked coding.
enum class coding { plain, chunked };

inline frame_bytes bytes_as(coding as) noexcept {
    return as == coding::chunked ? &frame::chunk : &frame::text;
}

inline std::string_view bytes_of(const frame& content, coding as) noexcept {
    return (content.*bytes_as(as))();
}

/// The writing end of one stream: its sink, what went wrong there, and what it owes when. Whoever
/// uses it cancels the sink: the stream below may be gone when this goes.
class output {
public:
    output(std::shared_ptr<sink> to, coding as, clock::duration interval);
    output(const output&) = delete;
    output& operator=(const output&) = delete;
    ~output();

    coding get_coding() const noexcept { return coding_; }
    const deadline& due() const noexcept { return due_; }
    sink& to() const noexcept { return *sink_; }

    /// Writes what the sink takes at once. What goes wrong is told by `failure`.
    std::size_t write_some(sink::buffers bytes, clock::time_point now);
    std::size_t write_some(std::string_view bytes, clock::time_point now) {
        const boost::asio::const_buffer whole{bytes.data(), bytes.size()};
        return write_some({&whole, 1}, now);
    }

    /// Why the stream cannot go on, if so.
    boost::system::error_code failure(clock::time_point now) const noexcept;

private:
    const std::shared_ptr<sink> sink_;
    deadline due_;
    boost::system::error_code write_error_;
    const coding coding_;
};

} // namespace crier::detail
