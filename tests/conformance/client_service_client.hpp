#pragma once

#include <crier/client/event_source.hpp>

#include "client_service_reports.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <memory>
#include <set>
#include <string>

namespace crier::test {

/// An `event_source` as the harness has asked for it, which reports what it reads.
class tested_client {
public:
    /// Errors: throws `std::invalid_argument` on parameters that make no sense.
    tested_client(boost::asio::any_io_executor executor, const boost::json::object& parameters);

    static void start(std::shared_ptr<tested_client> self);
    void stop();

    /// Errors: throws `std::invalid_argument` on a command that there is not.
    void obey(const boost::json::object& command);

private:
    static boost::asio::awaitable<void> read(std::shared_ptr<tested_client> self);
    void report(const event& read);

    std::shared_ptr<reports> reports_;
    std::set<std::string> types_{"message"};
    event_source source_;
};

} // namespace crier::test
