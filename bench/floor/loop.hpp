#pragma once

#include "common/descriptor.hpp"
#include "common/options.hpp"
#include "common/pace.hpp"
#include "common/percentiles.hpp"
#include "floor/audience.hpp"
#include "floor/source.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace bench::bare {

/// One thread's share: its streams, to which it publishes all events.
class loop {
public:
    using clock = pace::clock;

    /// `encrypting` may be none. Errors: throws `std::system_error` where it cannot listen.
    loop(const options& chosen, const tls* encrypting, std::uint16_t port, clock::time_point start);

    std::uint16_t port() const;
    void run();

    /// From any thread: `run` ends.
    void stop();

    std::uint64_t published() const { return source_.published(); }
    std::uint64_t dropped() const { return audience_->dropped(); }
    percentiles& took() { return took_; }

private:
    void watch(int file, std::uint32_t events, int operation);
    void handle(int file, std::uint32_t events);
    void accept();
    void read(int connection);
    void publish_due();
    void publish();
    void beat();
    void set_timer();

    const options& options_;
    descriptor epoll_;
    descriptor timer_;
    descriptor stop_;
    descriptor listening_;
    std::unique_ptr<audience> audience_;
    source source_;
    percentiles took_;
    /// None where nothing is published.
    std::optional<pace> pace_;
    clock::duration heartbeat_;
    clock::time_point next_beat_;
    /// When each topic was last sent something.
    std::vector<clock::time_point> last_sent_;
    bool stopped_ = false;
    bool accepting_ = true;
};

} // namespace bench::bare
