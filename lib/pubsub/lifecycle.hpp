#pragma once

#include <crier/pubsub/logger.hpp>
#include <crier/pubsub/polling.hpp>

#include "async/timed_signal.hpp"
#include "leftovers.hpp"
#include "task.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/set.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace crier::detail {

class lifecycle;
struct polling_run;

/// The two tasks of each run.
struct starting : task {
    void run(shard& on) noexcept override;
    void release() noexcept override;
};
struct stopping : task {
    void run(shard& on) noexcept override;
    void release() noexcept override;
};

/// One start and stop of a polling service, for one life of a topic. What lacks memory is tried
/// again after a while.
struct polling_run final
    : boost::intrusive_ref_counter<polling_run, boost::thread_safe_counter>,
      boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
      starting,
      stopping {
    enum class step { start, none, stop, over };

    polling_run(
        std::shared_ptr<lifecycle> by, std::shared_ptr<polling_service> polled, std::string name);
    polling_run(const polling_run&) = delete;
    polling_run& operator=(const polling_run&) = delete;
    ~polling_run();

    const std::shared_ptr<lifecycle> owner;
    const std::shared_ptr<polling_service> service;
    const std::string topic;
    /// As the service says, brought into range.
    const std::chrono::milliseconds linger;
    /// On the manager's strand.
    const boost::asio::any_io_executor own;
    /// Set before it is started.
    std::unique_ptr<publisher> to;
    /// What is to be done next.
    step next = step::start;
    timed_signal again;
    bool waits = false; ///< for that
};

using polling_run_ptr = boost::intrusive_ptr<polling_run>;

/// The runs of all polling services. Those of the same service object follow one another; those of
/// different objects do not wait. All on the manager's strand.
class lifecycle : public std::enable_shared_from_this<lifecycle> {
public:
    /// Each run is one of the leftovers until it has gone.
    lifecycle(boost::asio::any_io_executor strand, std::shared_ptr<const logger> log,
        std::shared_ptr<leftovers> left)
        : strand_{std::move(strand)}, log_{std::move(log)}, left_{std::move(left)} {}

    const boost::asio::any_io_executor& get_executor() const noexcept { return strand_; }

    /// From any thread.
    polling_run_ptr make_run(std::shared_ptr<polling_service> service, std::string topic);

    leftovers& left() const noexcept { return *left_; }

    // On the strand:
    void start(polling_run& next) noexcept;
    void stop(polling_run& which) noexcept;

private:
    static void go_on(polling_run& run) noexcept;
    static void go_on_later(polling_run& run) noexcept;
    static void start_service(polling_run& run) noexcept;
    static void stop_service(polling_run& run) noexcept;
    static boost::asio::awaitable<void> stop_and_wait(polling_run_ptr run);

    struct service_of {
        using type = const polling_service*;
        type operator()(const polling_run& each) const noexcept { return each.service.get(); }
    };

    void ended(polling_run& last) noexcept;
    void log(severity level, const polling_run& run, std::string_view what,
        const std::exception_ptr& why = nullptr) const noexcept;

    const boost::asio::any_io_executor strand_;
    const std::shared_ptr<const logger> log_;
    const std::shared_ptr<leftovers> left_;
    /// The first of each service's is running, or stopping.
    boost::intrusive::multiset<polling_run, boost::intrusive::key_of_value<service_of>,
        boost::intrusive::constant_time_size<false>>
        runs_;
};

} // namespace crier::detail
