#include "http2_stream.hpp"

#include "http2_connection.hpp"

#include <utility>

namespace crier::detail {

using boost::system::error_code;

std::size_t http2_stream::write_some(buffers bytes, error_code& error) {
    if (connection_ == nullptr) {
        error = peer_error();
        return 0;
    }
    return connection_->write(*this, bytes, error);
}

void http2_stream::finish() {
    if (connection_ != nullptr && !std::exchange(is_finished, true)) {
        connection_->finish(*this);
    }
}

void http2_stream::cancel() {
    cancelled_ = true;
    if (connection_ != nullptr && !is_finished) {
        is_finished = true;
        connection_->reset(*this);
    }
}

void http2_stream::limit_buffering(std::size_t bytes, std::chrono::milliseconds longest) {
    if (connection_ != nullptr) {
        connection_->limit_buffering(bytes, longest);
    }
}

void http2_stream::end(error_code why) noexcept {
    const std::shared_ptr<http2_stream> self = std::move(kept);
    connection_ = nullptr;
    open_stream::unlink();
    if (waiting_stream::is_linked()) {
        waiting_stream::unlink();
    }
    incoming.reset();
    received(why, 0);
    if (told_ != nullptr) {
        told_->set();
    }
    wake_user();
}

} // namespace crier::detail
