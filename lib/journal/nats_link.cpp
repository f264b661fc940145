#include "nats_link.hpp"

#include "nats_error.hpp"

#include <utility>

namespace crier::detail {
namespace {

journal_error why_not(natsStatus status) {
    switch (status) {
    case NATS_NO_SERVER:
    case NATS_TIMEOUT:
    case NATS_IO_ERROR:
    case NATS_CONNECTION_CLOSED: return {errc::journal_unavailable, "no server is reached"};
    case NATS_CONNECTION_AUTH_FAILED:
    case NATS_NOT_PERMITTED:
        return {errc::journal_unusable, "the server lets nobody in with these credentials"};
    default: return {errc::journal_unusable, nats_words(status)};
    }
}

} // namespace

nats_link::nats_link(natsOptions& options, callbacks told) : told_{std::move(told)} {
    check_nats(natsOptions_SetClosedCB(&options, closed, this), "options");
    check_nats(natsOptions_SetErrorHandler(&options, failed, this), "options");
    natsConnection* made = nullptr;
    if (const natsStatus status = natsConnection_Connect(&made, &options); status != NATS_OK) {
        throw why_not(status);
    }
    handle_.reset(made);
}

nats_link::~nats_link() { close(); }

/// libnats calls back once more when it has closed it.
void nats_link::close() noexcept {
    natsConnection_Close(handle_.get());
    std::unique_lock locked{lock_};
    changed_.wait(locked, [this] { return is_closed_; });
}

void nats_link::closed(natsConnection* /*of*/, void* to) {
    auto& self = *static_cast<nats_link*>(to);
    self.is_lost_ = true;
    self.told_.lost();
    const std::scoped_lock locked{self.lock_};
    self.is_closed_ = true;
    self.changed_.notify_all();
}

void nats_link::failed(natsConnection* /*of*/, natsSubscription* of, natsStatus error, void* to) {
    const char* const subject = natsSubscription_GetSubject(of);
    if (error == NATS_SLOW_CONSUMER && subject != nullptr) {
        static_cast<nats_link*>(to)->told_.lost_messages(subject);
    }
}

} // namespace crier::detail
