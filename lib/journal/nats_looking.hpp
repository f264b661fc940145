#pragma once

#include "nats_following.hpp"
#include "nats_lookups.hpp"
#include "nats_stream.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace crier::detail {

/// How far a stream was seen to be.
struct nats_sight {
    std::optional<std::uint64_t> newest{}; ///< of the stream; none: it does not answer
    /// Up to where the topics had events.
    std::vector<nats_place> topics{};
};

/// Looks how far a stream and some of its topics are, on a thread of its own: who tells what
/// arrives does not wait for answers.
class nats_looking {
public:
    /// `told` is called on that thread; where it lacks memory, it is called again.
    nats_looking(const nats_stream& at, std::function<void(nats_sight)> told);
    nats_looking(const nats_looking&) = delete;
    nats_looking& operator=(const nats_looking&) = delete;
    /// Needs the connection to be ending.
    ~nats_looking();

    /// Looks once. What was asked for before is to have been told.
    void look(std::vector<std::string> topics);

private:
    void run();
    nats_sight see(const std::vector<std::string>& topics) const;

    const nats_stream& at_;
    const nats_lookups lookups_;
    const std::function<void(nats_sight)> told_;
    std::mutex lock_;
    std::condition_variable changed_;
    std::optional<std::vector<std::string>> asked_;
    bool is_ending_ = false;
    std::thread thread_; ///< last, as it uses the others
};

} // namespace crier::detail
