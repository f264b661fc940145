#include "load/scenario.hpp"

#include "load/client.hpp"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <stdexcept>

namespace bench::load {
namespace {

std::uint64_t nanoseconds(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

double seconds_since(std::uint64_t time) {
    return static_cast<double>(monotonic_now() - time) / 1e9;
}

/// Whether the program was told to end, as long as this is there.
class end_request {
public:
    end_request() : before_{std::signal(SIGTERM, [](int) { was_made = 1; })} {}
    end_request(const end_request&) = delete;
    end_request& operator=(const end_request&) = delete;
    ~end_request() { std::signal(SIGTERM, before_); }

    bool is_made() const noexcept { return was_made != 0; }

private:
    static inline volatile std::sig_atomic_t was_made = 0;

    void (*before_)(int);
};

class scenario {
public:
    scenario(const options& chosen, result& into)
        : options_{chosen}, result_{into}, client_{chosen, into.measured} {}

    void run() {
        result_.server_at_start = server_usage();
        const std::uint64_t start = monotonic_now();
        const bool ends_with_events = options_.until_event || options_.until_number;
        if (ends_with_events) {
            begin();
        }
        open_all();
        if (ends_with_events) {
            wait_for_events(start);
        } else {
            client_.run(monotonic_now() + nanoseconds(options_.warmup));
            begin();
            run_window();
        }
        end();
    }

private:
    std::optional<usage> server_usage() const {
        return options_.processes.empty() ? std::nullopt
                                          : std::optional{usage_of(options_.processes)};
    }

    void open_all() {
        std::vector<std::uint32_t> marks = options_.memory_at;
        std::sort(marks.begin(), marks.end());
        for (const std::uint32_t mark : marks) {
            if (mark <= options_.streams) {
                open(mark);
                client_.run(monotonic_now() + nanoseconds(1));
                if (const std::optional<usage> server = server_usage()) {
                    result_.resident.push_back({client_.opened(), server->resident_bytes});
                }
            }
        }
        open(options_.streams);
        if (client_.closed() == options_.streams) {
            throw std::runtime_error{"no stream stayed open; " + client_.reason()};
        }
    }

    void open(std::uint32_t streams) {
        constexpr double patience = 30;
        const std::uint64_t start = monotonic_now();
        client_.open(streams);
        while (!client_.all_opened()) {
            const std::uint32_t before = client_.opened() + client_.closed();
            const auto another = [&] { return client_.opened() + client_.closed() != before; };
            client_.run(monotonic_now() + nanoseconds(patience), another);
            if (!another()) {
                throw std::runtime_error{"no other stream opens after " + std::to_string(before)};
            }
        }
        result_.connect_seconds += seconds_since(start);
    }

    void wait_for_events(std::uint64_t start) {
        const auto all = [this] { return client_.with_event() == options_.streams; };
        client_.run(monotonic_now() + nanoseconds(options_.seconds), all);
        if (all()) {
            result_.until_event_seconds = seconds_since(start);
        }
    }

    void run_window() {
        const std::uint64_t deadline = begin_ + nanoseconds(options_.seconds);
        if (!options_.tell_begin) {
            client_.run(deadline);
            return;
        }
        const end_request asked;
        std::cout << "measuring\n" << std::flush;
        client_.run(deadline, [&asked] { return asked.is_made(); });
    }

    void begin() {
        result_.server_before = server_usage();
        cpu_before_ = own_cpu_seconds();
        begin_ = monotonic_now();
        result_.measured.begin(begin_);
    }

    void end() {
        result_.seconds = seconds_since(begin_);
        result_.client_cpu_seconds = own_cpu_seconds() - cpu_before_;
        result_.server_after = server_usage();
        result_.opened = client_.opened();
        result_.closed = client_.closed();
        result_.with_event = client_.with_event();
        result_.last_event_id = client_.last_event_id();
        result_.closed_because = client_.reason();
        result_.resumed = client_.resumed();
        if (!options_.sessions_to.empty()) {
            client_.write_sessions(options_.sessions_to);
        }
    }

    const options& options_;
    result& result_;
    client client_;
    std::uint64_t begin_ = 0;
    double cpu_before_ = 0;
};

} // namespace

void measure(const options& chosen, result& into) {
    allow_connections(chosen.connections());
    scenario{chosen, into}.run();
}

} // namespace bench::load
