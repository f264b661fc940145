#pragma once

#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/subscription.hpp>

#include "context.hpp"
#include "event_reader.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/json/parse.hpp>
#include <boost/system/error_code.hpp>

#include <initializer_list>
#include <string>
#include <vector>

namespace crier::test {

/// To subscribe to.
inline std::vector<topic_options> topics(std::initializer_list<const char*> names) {
    std::vector<topic_options> result;
    for (const char* name : names) {
        result.emplace_back().name = name;
    }
    return result;
}

/// All that waits to be read.
inline std::vector<received> read_events(context& test, subscription& from) {
    test.run();
    std::string stream;
    while (const auto next = from.try_receive()) {
        stream += next->text();
        test.run();
    }
    return event_reader{stream}.events;
}

/// The same in short: the data, "type=data" of another type than "message", "gap reason" with what
/// is counted.
inline std::vector<std::string> read_all(context& test, subscription& from) {
    std::vector<std::string> result;
    for (const received& each : read_events(test, from)) {
        if (each.type == "crier.gap") {
            const auto told = boost::json::parse(each.data).as_object();
            const auto* const count = told.if_contains("count");
            result.push_back("gap " + std::string{told.at("reason").as_string()} +
                             (count == nullptr ? "" : " " + std::to_string(count->as_int64())));
        } else {
            result.push_back(each.type == "message" ? each.data : each.type + "=" + each.data);
        }
    }
    return result;
}

/// What ends a subscription of which all has been read; no error: nothing does.
inline boost::system::error_code end_of(context& test, subscription& from) {
    boost::system::error_code end;
    asio::cancellation_signal stop;
    from.async_receive(asio::bind_cancellation_slot(
        stop.slot(), [&end](boost::system::error_code error, const frame&) { end = error; }));
    test.run();
    const boost::system::error_code ended = end;
    stop.emit(asio::cancellation_type::terminal);
    test.run();
    return ended;
}

} // namespace crier::test
