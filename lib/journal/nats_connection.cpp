#include "nats_connection.hpp"

#include "nats_error.hpp"
#include "nats_options.hpp"
#include "nats_waiting.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

namespace crier::detail {
namespace {

/// How many requests are under way at once: servers drop what they have too many of.
constexpr std::size_t window = 500;

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

std::string new_inbox() {
    natsInbox* made = nullptr;
    check_nats(natsInbox_Create(&made), "no inbox");
    std::string inbox{made};
    natsInbox_Destroy(made);
    return inbox;
}

} // namespace

struct nats_connection::state {
    explicit state(const nats_journal_options& options);
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    ~state();

    void tell(void (nats_watcher::*what)() noexcept) noexcept;

    std::atomic<bool> is_up = true;
    std::atomic<bool> is_ending = false;
    std::atomic<std::uint64_t> changes = 0;
    std::mutex lock;
    std::condition_variable closed;
    bool is_closed = false;
    nats_watcher* watcher = nullptr;
    nats_waiting waiting;
    /// Less than libnats gathers before it writes, and far more than a server's line.
    const std::string impossible_subject = std::string(30'000, 'x');
    const std::string inbox = new_inbox();
    std::unique_ptr<natsConnection, decltype(&natsConnection_Destroy)> handle{
        nullptr, natsConnection_Destroy};
    std::optional<nats_subscription> replies;
};

namespace {

// What libnats calls, on a thread of its own.

template <class State>
State& of(void* closure) noexcept {
    return *static_cast<State*>(closure);
}

} // namespace

nats_connection::state::state(const nats_journal_options& options) {
    const nats_options how = connecting(options);
    check_nats(natsOptions_SetDisconnectedCB(
                   how.get(),
                   [](natsConnection*, void* closure) {
                       auto& self = of<state>(closure);
                       self.is_up = false;
                       ++self.changes;
                       self.waiting.lose_connection();
                       self.tell(&nats_watcher::disconnected);
                   },
                   this),
        "options");
    check_nats(natsOptions_SetReconnectedCB(
                   how.get(),
                   [](natsConnection*, void* closure) {
                       auto& self = of<state>(closure);
                       ++self.changes;
                       self.is_up = true;
                       self.tell(&nats_watcher::reconnected);
                   },
                   this),
        "options");
    check_nats(natsOptions_SetClosedCB(
                   how.get(),
                   [](natsConnection*, void* closure) {
                       auto& self = of<state>(closure);
                       self.is_up = false;
                       const std::scoped_lock locked{self.lock};
                       self.is_closed = true;
                       self.closed.notify_all();
                   },
                   this),
        "options");
    check_nats(
        natsOptions_SetErrorHandler(
            how.get(),
            [](natsConnection*, natsSubscription* on, natsStatus status, void* closure) {
                auto& self = of<state>(closure);
                const char* const subject = natsSubscription_GetSubject(on);
                const std::scoped_lock locked{self.lock};
                if (status == NATS_SLOW_CONSUMER && self.watcher != nullptr && subject != nullptr) {
                    self.watcher->lost_messages(subject);
                }
            },
            this),
        "options");
    natsConnection* made = nullptr;
    if (const natsStatus status = natsConnection_Connect(&made, how.get()); status != NATS_OK) {
        throw why_not(status);
    }
    handle.reset(made);
    replies.emplace(
        made, inbox + ".*", [this](nats_received reply) { waiting.arrived(std::move(reply)); });
}

/// libnats calls back later than it closes.
nats_connection::state::~state() {
    replies.reset();
    if (handle) {
        natsConnection_Close(handle.get());
        std::unique_lock locked{lock};
        closed.wait(locked, [this] { return is_closed; });
    }
}

void nats_connection::state::tell(void (nats_watcher::*what)() noexcept) noexcept {
    const std::scoped_lock locked{lock};
    if (watcher != nullptr) {
        (watcher->*what)();
    }
}

nats_connection::nats_connection(const nats_journal_options& options)
    : state_{std::make_unique<state>(options)} {}

nats_connection::~nats_connection() = default;

void nats_connection::watch(nats_watcher* by) noexcept {
    const std::scoped_lock locked{state_->lock};
    state_->watcher = by;
}

bool nats_connection::is_up() const noexcept { return state_->is_up; }

std::uint64_t nats_connection::changes() const noexcept { return state_->changes; }

std::size_t nats_connection::max_payload() const noexcept {
    return static_cast<std::size_t>(natsConnection_GetMaxPayload(state_->handle.get()));
}

boost::system::result<nats_received> nats_connection::request(
    std::string_view subject, std::string_view payload, milliseconds timeout) {
    const nats_request one{std::string{subject}, std::string{payload}};
    auto found = request_all({&one, 1}, timeout);
    if (!found) {
        return found.error();
    }
    return std::move(found->front());
}

boost::system::result<std::vector<nats_received>> nats_connection::request_all(
    std::span<const nats_request> requests, milliseconds timeout) {
    nats_waiting::replies waits{state_->waiting, requests.size()};
    std::size_t sent = 0;
    while (sent < requests.size()) {
        const std::size_t until = std::min(requests.size(), waits.done() + window);
        for (; sent < until; ++sent) {
            if (const auto error = send(
                    requests[sent], state_->inbox + '.' + std::to_string(waits.first() + sent))) {
                return error;
            }
        }
        send_now();
        const std::size_t enough = sent == requests.size() ? sent : sent - window / 2;
        if (!waits.wait(enough, timeout)) {
            return errc::journal_unavailable;
        }
    }
    return waits.take();
}

/// Messages that a consumer sends have the subject under which they are kept, so that only a
/// subscription of their own tells that they are replies.
boost::system::result<std::vector<nats_received>> nats_connection::request_many(
    std::string_view subject, std::string_view payload, std::size_t most, milliseconds timeout) {
    nats_waiting::replies waits{state_->waiting, 1, most};
    const std::string inbox = make_inbox();
    const nats_subscription own{
        state_->handle.get(), inbox, [this, number = waits.first()](nats_received reply) {
            state_->waiting.arrived(number, std::move(reply));
        }};
    const nats_request one{std::string{subject}, std::string{payload}};
    if (const auto error = send(one, inbox)) {
        return error;
    }
    send_now();
    if (!waits.wait(1, timeout)) {
        return errc::journal_unavailable;
    }
    return waits.take();
}

boost::system::error_code nats_connection::send(
    const nats_request& request, const std::string& reply) {
    if (!is_up() || is_ending()) {
        return errc::journal_unavailable;
    }
    return checked(natsConnection_PublishRequest(state_->handle.get(), request.subject.c_str(),
        reply.c_str(), request.payload.data(), static_cast<int>(request.payload.size())));
}

boost::system::error_code nats_connection::publish(natsMsg& message) {
    if (!is_up() || is_ending()) {
        return errc::journal_unavailable;
    }
    return checked(natsConnection_PublishMsg(state_->handle.get(), &message));
}

boost::system::error_code nats_connection::publish(
    std::string_view subject, std::string_view payload) {
    if (!is_up() || is_ending()) {
        return errc::journal_unavailable;
    }
    return checked(natsConnection_Publish(state_->handle.get(), std::string{subject}.c_str(),
        payload.data(), static_cast<int>(payload.size())));
}

/// libnats loses what it could not write in time, and goes on behind it, so that the server might
/// take parts of two messages for one. A subject that no server takes makes it end the connection.
boost::system::error_code nats_connection::checked(natsStatus status) noexcept {
    switch (status) {
    case NATS_OK: return {};
    case NATS_MAX_PAYLOAD: return make_error_code(boost::system::errc::message_size);
    case NATS_TIMEOUT:
    case NATS_IO_ERROR:
        if (state_->is_up.exchange(false)) {
            natsConnection_Publish(
                state_->handle.get(), state_->impossible_subject.c_str(), nullptr, 0);
            state_->waiting.lose_connection();
        }
        [[fallthrough]];
    default: return errc::journal_unavailable;
    }
}

/// To wait for a moment for the server's answer to a PING is the only way to do so.
void nats_connection::send_now() noexcept {
    if (is_up() && !is_ending()) {
        natsConnection_FlushTimeout(state_->handle.get(), 1);
    }
}

/// By a message to itself, as only such a wait can be interrupted.
boost::system::error_code nats_connection::flush(milliseconds timeout) {
    nats_waiting::replies waits{state_->waiting, 1};
    const std::string subject = state_->inbox + '.' + std::to_string(waits.first());
    if (const auto error = publish(subject, {})) {
        return error;
    }
    send_now();
    return waits.wait(1, timeout) ? boost::system::error_code{} : errc::journal_unavailable;
}

std::unique_ptr<nats_subscription> nats_connection::subscribe(
    const std::string& subject, nats_subscription::callback call) {
    return std::make_unique<nats_subscription>(state_->handle.get(), subject, std::move(call));
}

std::string nats_connection::make_inbox() const { return new_inbox(); }

void nats_connection::end() noexcept {
    state_->is_ending = true;
    state_->waiting.end();
}

bool nats_connection::is_ending() const noexcept { return state_->is_ending; }

} // namespace crier::detail
