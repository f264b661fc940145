#pragma once

#include <crier/http/sink.hpp>

#include "http2_answers.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace crier::fuzz {

/// The client's end of a connection, which takes as much as it is told to.
class http2_sink final : public sink {
public:
    static constexpr std::size_t no_end = std::numeric_limits<std::size_t>::max();

    explicit http2_sink(http2_answers& to) : to_{to} {}

    void take(std::size_t room) {
        room_ = room;
        if (room > 0) {
            wake_user();
        }
    }

    void fail() {
        failure_ = boost::asio::error::connection_reset;
        wake_user();
    }

    bool is_cancelled() const { return is_cancelled_; }
    /// Whether something may be lost.
    bool was_blocked() const { return !blocked_.empty() || failure_; }

    std::size_t write_some(buffers bytes, boost::system::error_code& error) override {
        require(!is_cancelled_, "nothing is written after the end");
        require(bytes.size() == 1, "a connection writes one piece at a time");
        const std::string_view offered{static_cast<const char*>(bytes[0].data()), bytes[0].size()};
        require(offered.size() <= most_waiting, "little waits for a client");
        require(offered.starts_with(blocked_), "what was not taken is offered again");
        const std::size_t size = failure_ ? 0 : std::min(room_, offered.size());
        blocked_.clear();
        if (size == 0) {
            error = failure_ ? failure_ : make_error_code(boost::asio::error::would_block);
            blocked_ = offered;
            return 0;
        }
        room_ -= room_ == no_end ? 0 : size;
        to_.received(offered.substr(0, size));
        return size;
    }

    void watch_peer() override {}
    void cancel() override { is_cancelled_ = true; }
    void limit_buffering(std::size_t /*bytes*/, std::chrono::milliseconds /*longest*/) override {}

private:
    /// Twice what is joined, and what answers a thousand frames that are no requests.
    static constexpr std::size_t most_waiting = std::size_t{128} * 1024;

    http2_answers& to_;
    std::size_t room_ = 0;
    boost::system::error_code failure_;
    std::string blocked_;
    bool is_cancelled_ = false;
};

} // namespace crier::fuzz
