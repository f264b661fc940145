#pragma once

#include <crier/async/clock.hpp>

#include <chrono>

namespace crier::detail {

/// When a client of HTTP/2 is to be asked for a sign of life, and when its connection is given up.
class http2_deadlines {
public:
    struct limits {
        std::chrono::milliseconds header;   ///< until the first request
        std::chrono::milliseconds idle;     ///< without a request, after the first
        std::chrono::milliseconds response; ///< in which something is taken of what is sent
        std::chrono::milliseconds ping;     ///< of silence, and then for the answer
    };
    enum class due { nothing, ping, end };

    http2_deadlines(const limits& given, clock::time_point now) noexcept
        : limits_{given}, heard_{now}, idle_since_{now} {}

    void heard(clock::time_point now) noexcept {
        heard_ = now;
        is_pinged_ = false;
    }
    clock::time_point heard() const noexcept { return heard_; }
    void pinged() noexcept { is_pinged_ = true; }
    void requested() noexcept { had_request_ = true; }
    /// Its last stream has ended.
    void idle(clock::time_point now) noexcept { idle_since_ = now; }

    /// There is something to send, and nothing is taken.
    void blocked(clock::time_point now) noexcept {
        if (!is_blocked_) {
            is_blocked_ = true;
            blocked_since_ = now;
        }
    }
    void wrote() noexcept { is_blocked_ = false; }
    bool is_blocked() const noexcept { return is_blocked_; }

    clock::time_point next(bool has_streams) const noexcept;
    due at(clock::time_point now, bool has_streams) const noexcept;

private:
    clock::time_point stalled_at() const noexcept {
        return is_blocked_ ? blocked_since_ + limits_.response : clock::time_point::max();
    }
    clock::time_point idle_until() const noexcept {
        return idle_since_ + (had_request_ ? limits_.idle : limits_.header);
    }
    /// When the ping is due, or its answer.
    clock::time_point silent_until() const noexcept {
        return heard_ + limits_.ping * (is_pinged_ ? 2 : 1);
    }

    const limits limits_;
    clock::time_point heard_;
    clock::time_point idle_since_;
    clock::time_point blocked_since_{};
    bool had_request_ = false;
    bool is_blocked_ = false;
    bool is_pinged_ = false;
};

} // namespace crier::detail
