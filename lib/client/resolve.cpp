#include "resolve.hpp"

#include <crier/async/signal.hpp>
#include <crier/wire/errc.hpp>

#include "async/time_limit.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <utility>

namespace crier::detail {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using boost::system::system_error;

/// A name's addresses, once they are known. Asio waits for the system's resolver without an end, so
/// who asks may leave before the answer comes.
struct resolution {
    explicit resolution(const asio::any_io_executor& executor)
        : resolver{executor}, over{executor} {}

    tcp::resolver resolver;
    signal over; ///< closed then
    error_code error = asio::error::no_memory;
    std::vector<tcp::endpoint> endpoints;
};

/// Asio lets it go without a call where there is no memory for the answer.
class answer_handler {
public:
    explicit answer_handler(std::shared_ptr<resolution> to) : to_{std::move(to)} {}
    answer_handler(answer_handler&&) noexcept = default;
    answer_handler& operator=(answer_handler&&) = delete;
    ~answer_handler() {
        if (to_) {
            to_->over.close();
        }
    }

    void operator()(error_code error, const tcp::resolver::results_type& results) {
        to_->endpoints.assign(results.begin(), results.end());
        to_->error = error;
    }

private:
    std::shared_ptr<resolution> to_;
};

} // namespace

flow<std::vector<tcp::endpoint>> resolve_host(
    const std::string& host, std::uint16_t port, clock::time_point deadline) {
    error_code not_an_address;
    const asio::ip::address address = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) {
        co_return std::vector<tcp::endpoint>{{address, port}};
    }
    const own_executor executor = co_await asio::this_coro::executor;
    const auto asked = std::make_shared<resolution>(executor.inner());
    asked->resolver.async_resolve(
        host, std::to_string(port), tcp::resolver::numeric_service, answer_handler{asked});
    const time_limit limit{asked->over, deadline - clock::now()};
    error_code ended;
    flow<void> waiting = wait_for(asked->over, ended);
    co_await std::move(waiting);
    if (ended != errc::closed) {
        throw system_error{limit.expired() ? error_code{errc::connect_timeout} : ended};
    }
    if (asked->error) {
        throw system_error{asked->error};
    }
    co_return asked->endpoints;
}

} // namespace crier::detail
