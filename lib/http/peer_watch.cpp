#include "peer_watch.hpp"

#include "epoll_set.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

namespace crier::detail {

namespace asio = boost::asio;
using boost::system::error_code;

struct peer_watch::state {
    explicit state(signal& on_end) : set{on_end.get_executor(), new_epoll_set()}, told{on_end} {}

    asio::posix::stream_descriptor set;
    signal& told;
    bool has_left = false;
};

peer_watch::peer_watch(stream_socket& socket, signal& on_end)
    : state_{std::make_shared<state>(on_end)} {
    add_to_epoll_set(state_->set.native_handle(), socket.native_handle(), EPOLLRDHUP, nullptr);
    state_->set.async_wait(asio::posix::descriptor_base::wait_read,
        [weak = std::weak_ptr<state>{state_}](error_code error) {
            const auto self = weak.lock();
            if (self && !error) {
                self->has_left = true;
                self->told.set();
            }
        });
}

peer_watch::~peer_watch() = default;

bool peer_watch::has_left() const noexcept { return state_->has_left; }

} // namespace crier::detail
