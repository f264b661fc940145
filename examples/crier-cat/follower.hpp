#pragma once

#include <crier/client/event_source.hpp>
#include <crier/wire/parser.hpp>

#include "margin.hpp"
#include "notices.hpp"
#include "output.hpp"
#include "printer.hpp"
#include "settings.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace cat {

/// Follows the streams until the settings say that it is done.
class follower {
public:
    /// Errors: throws `std::invalid_argument` on settings that cannot be sent to a server.
    explicit follower(settings chosen);

    exit_status run();

private:
    struct stream {
        std::size_t index;
        crier::parser counting{};  ///< finds the end of the last event in raw output
        crier::state_change end{}; ///< why it ended, once it has
        std::string unsent_id{};   ///< an id that no server takes
        std::unique_ptr<crier::event_source> source{};
    };

    crier::event_source_options options_of(stream& of);
    void open(stream& added);
    void start_timeout();
    boost::asio::awaitable<void> follow(stream& of);
    void observe(stream& of, const crier::state_change& change);
    void take(stream& from, const crier::event& next);
    void take_bytes(stream& from, std::string_view bytes);
    void take_comment(const stream& from, std::string_view text);
    void count();
    void end(const stream& of);
    void fail(boost::system::error_code why);
    void finish(exit_status how);

    settings settings_;
    boost::asio::io_context context_;
    boost::asio::steady_timer timeout_;
    margin margin_;
    human_printer human_;
    notices notices_;
    output output_;
    std::deque<stream> streams_;
    std::size_t following_ = 0;
    std::uint64_t counted_ = 0;
    bool finished_ = false;
    exit_status worst_ = done; ///< of the streams that ended
    exit_status status_ = done;
};

} // namespace cat
