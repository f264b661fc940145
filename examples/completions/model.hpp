// A language model in name only: its threads compute the tokens of an answer, blocking, each in its
// time.
#pragma once

#include <crier/async/channel.hpp>

#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace completions {

struct token {
    std::string text;
    std::string_view finish_reason; ///< of the last one, which has no text: "stop" or "length"
};
using tokens = crier::channel<token>;

struct job {
    std::string prompt;
    std::size_t most_tokens = 0;
};

/// What the model has done.
struct statistics {
    std::size_t open = 0;     ///< jobs that wait or run
    std::size_t finished = 0; ///< jobs with a whole answer
    std::size_t stopped = 0;  ///< jobs that nobody wanted any more
    std::size_t tokens = 0;
};

/// Thread safety: any thread.
class model {
public:
    model(std::size_t threads, std::chrono::milliseconds time_of_a_token)
        : time_of_a_token_{time_of_a_token}, threads_{threads} {}

    /// Answers a prompt with its own words. False: there are too many jobs already.
    bool start(job asked, tokens::sender to);

    statistics stats() const noexcept;

private:
    void run(const job& asked, const tokens::sender& to);
    bool compute(const job& asked, const tokens::sender& to);

    static constexpr std::size_t most_open = 64;

    const std::chrono::milliseconds time_of_a_token_;
    std::atomic<std::size_t> open_{0};
    std::atomic<std::size_t> finished_{0};
    std::atomic<std::size_t> stopped_{0};
    std::atomic<std::size_t> tokens_{0};
    boost::asio::thread_pool threads_; ///< last, as its threads use the others until it goes
};

} // namespace completions
