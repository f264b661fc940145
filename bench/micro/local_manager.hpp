#pragma once

#include <crier/pubsub/manager.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace crier::bench {

inline constexpr std::string_view topic = "sensors/7";

/// A manager on a context that runs only when it is told to, on the thread that publishes. It
/// publishes outside of the context's handlers, as a foreign thread does: Asio recycles no memory.
class local_manager {
public:
    /// The topic keeps so many events.
    explicit local_manager(std::size_t history = 0)
        : manager{io.get_executor(), options(history)} {}
    local_manager(const local_manager&) = delete;
    local_manager& operator=(const local_manager&) = delete;

    ~local_manager() {
        manager.shutdown();
        run();
    }

    /// Runs what is ready.
    void run() {
        io.restart();
        io.poll();
    }

    /// On the manager's strand, or on the context as the server's threads do it.
    std::vector<subscription> subscribe(std::size_t count, bool on_strand = true) {
        subscribe_options where;
        where.executor = on_strand ? manager.get_executor() : io.get_executor();
        std::vector<subscription> made;
        made.reserve(count);
        while (made.size() < count) {
            made.push_back(manager.subscribe(std::string{topic}, where));
        }
        run();
        return made;
    }

    boost::asio::io_context io{1};
    crier::manager manager;

private:
    static manager_options options(std::size_t history) {
        manager_options result;
        result.log = [](severity, std::string_view) {};
        if (history > 0) {
            result.rules.push_back(
                {.matches = exactly(std::string{topic}), .history = {.events = history}});
        }
        return result;
    }
};

} // namespace crier::bench
