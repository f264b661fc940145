#include "connect.hpp"

#include <crier/async/signal.hpp>
#include <crier/wire/errc.hpp>

#include "async/close_on_exec.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

namespace crier::detail {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::vector<tcp::endpoint> interleaved(const std::vector<tcp::endpoint>& endpoints) {
    std::vector<tcp::endpoint> order;
    std::vector<tcp::endpoint> others;
    for (const tcp::endpoint& each : endpoints) {
        (each.protocol() == endpoints.front().protocol() ? order : others).push_back(each);
    }
    std::size_t at = 1;
    for (const tcp::endpoint& other : others) {
        order.insert(
            order.begin() + static_cast<std::ptrdiff_t>(std::min(at, order.size())), other);
        at += 2;
    }
    return order;
}

std::optional<std::size_t> connect_schedule::due(clock::time_point now) noexcept {
    if (started_ == addresses_ || now < next_) {
        return std::nullopt;
    }
    next_ = now + delay;
    return started_++;
}

void connect_schedule::failed(clock::time_point now) noexcept {
    ++failed_;
    next_ = now;
}

clock::time_point connect_schedule::next() const noexcept {
    return started_ == addresses_ ? clock::time_point::max() : next_;
}

namespace {

/// The attempts of one connection. Its handlers keep it, and come to nothing once it is over.
class race : public std::enable_shared_from_this<race> {
public:
    race(const asio::any_io_executor& executor, std::vector<tcp::endpoint> endpoints,
        clock::time_point deadline)
        : changed{executor},
          endpoints_{std::move(endpoints)},
          deadline_{deadline},
          schedule_{endpoints_.size(), clock::now()},
          next_{executor} {}

    /// Begins what is due; whether there is something left to wait for.
    bool go_on() {
        while (const auto index = winner_ ? std::nullopt : schedule_.due(clock::now())) {
            begin(*index);
        }
        if (winner_ || schedule_.is_over()) {
            return false;
        }
        if (clock::now() >= deadline_) {
            throw boost::system::system_error{errc::connect_timeout};
        }
        next_.expires_at(std::min(schedule_.next(), deadline_));
        next_.async_wait([self = shared_from_this()](error_code error) {
            if (!error) {
                self->changed.set();
            }
        });
        return true;
    }

    tcp::socket take() {
        if (!winner_) {
            throw boost::system::system_error{first_error_.value_or(asio::error::host_not_found)};
        }
        return std::move(*winner_);
    }

    void end() {
        next_.cancel();
        sockets_.clear();
    }

    signal changed;

private:
    void begin(std::size_t index) {
        const std::size_t place = sockets_.size();
        tcp::socket& socket = sockets_.emplace_back(changed.get_executor());
        error_code unopened;
        open_socket(socket, endpoints_[index].protocol(), unopened);
        if (unopened) {
            finish(place, unopened);
            return;
        }
        socket.async_connect(endpoints_[index],
            [self = shared_from_this(), place](error_code error) { self->finish(place, error); });
    }

    void finish(std::size_t place, error_code error) {
        if (place >= sockets_.size() || winner_) {
            return;
        }
        if (error) {
            first_error_ = first_error_.value_or(error);
            sockets_[place].close(error);
            schedule_.failed(clock::now());
        } else {
            winner_ = std::move(sockets_[place]);
        }
        changed.set();
    }

    std::vector<tcp::endpoint> endpoints_;
    clock::time_point deadline_;
    connect_schedule schedule_;
    timer next_; ///< when there is something to do, if nothing happens before
    std::deque<tcp::socket> sockets_;
    std::optional<tcp::socket> winner_;
    std::optional<error_code> first_error_;
};

} // namespace

flow<tcp::socket> connect_to_any(std::vector<tcp::endpoint> endpoints, clock::time_point deadline) {
    struct ending {
        race& of;
        ~ending() { of.end(); }
    };
    const own_executor executor = co_await asio::this_coro::executor;
    const auto attempts =
        std::make_shared<race>(executor.inner(), interleaved(endpoints), deadline);
    const ending at_end{*attempts};
    while (attempts->go_on()) {
        co_await wait_for(attempts->changed);
    }
    co_return attempts->take();
}

} // namespace crier::detail
