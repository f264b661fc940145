#include "nats_connection.hpp"

#include "nats_error.hpp"
#include "nats_links.hpp"
#include "nats_waiting.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

namespace crier::detail {
namespace {

/// How many requests are under way at once: servers drop what they have too many of.
constexpr std::size_t requests_at_once = 500;

std::string new_inbox() {
    natsInbox* made = nullptr;
    check_nats(natsInbox_Create(&made), "no inbox");
    std::string inbox{made};
    natsInbox_Destroy(made);
    return inbox;
}

} // namespace

struct nats_connection::state final : nats_watcher {
    explicit state(const nats_journal_options& options) : links{options, *this} {
        replies.emplace(links, inbox + ".*",
            [this](nats_received reply) { waiting.arrived(std::move(reply)); });
    }

    void disconnected() noexcept override {
        waiting.lose_connection();
        tell([](nats_watcher& to) { to.disconnected(); });
    }
    void reconnected() noexcept override {
        tell([](nats_watcher& to) { to.reconnected(); });
    }
    void lost_messages(std::string_view subject) noexcept override {
        tell([subject](nats_watcher& to) { to.lost_messages(subject); });
    }

    template <class Call>
    void tell(Call call) noexcept {
        const std::scoped_lock locked{lock};
        if (watcher != nullptr) {
            call(*watcher);
        }
    }

    std::atomic<bool> is_ending = false;
    std::mutex lock;
    nats_watcher* watcher = nullptr;
    nats_waiting waiting;
    const std::string inbox = new_inbox();
    nats_links links;
    std::optional<nats_subscription> replies;
};

nats_connection::nats_connection(const nats_journal_options& options)
    : state_{std::make_unique<state>(options)} {}

nats_connection::~nats_connection() = default;

void nats_connection::watch(nats_watcher* by) noexcept {
    const std::scoped_lock locked{state_->lock};
    state_->watcher = by;
}

bool nats_connection::is_up() const noexcept { return state_->links.current() != nullptr; }

std::uint64_t nats_connection::changes() const noexcept { return state_->links.changes(); }

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
        const std::size_t until = std::min(requests.size(), waits.done() + requests_at_once);
        for (; sent < until; ++sent) {
            if (const auto error = send(
                    requests[sent], state_->inbox + '.' + std::to_string(waits.first() + sent))) {
                return error;
            }
        }
        send_now();
        const std::size_t enough = sent == requests.size() ? sent : sent - requests_at_once / 2;
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
    std::optional<nats_subscription> own;
    try {
        own.emplace(state_->links, inbox, [this, number = waits.first()](nats_received reply) {
            state_->waiting.arrived(number, std::move(reply));
        });
    } catch (const journal_error& error) {
        return error.code();
    }
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
    return use([&](natsConnection* link) {
        return natsConnection_PublishRequest(link, request.subject.c_str(), reply.c_str(),
            request.payload.data(), static_cast<int>(request.payload.size()));
    });
}

boost::system::error_code nats_connection::publish(natsMsg& message) {
    return use([&](natsConnection* link) { return natsConnection_PublishMsg(link, &message); });
}

boost::system::error_code nats_connection::publish(
    std::string_view subject, std::string_view payload) {
    return use([&](natsConnection* link) {
        return natsConnection_Publish(
            link, std::string{subject}.c_str(), payload.data(), static_cast<int>(payload.size()));
    });
}

/// libnats loses what it could not write in time, and would go on behind it, so that the server
/// might take parts of two messages for one.
template <class Call>
boost::system::error_code nats_connection::use(Call call) {
    const std::shared_ptr<nats_link> link = state_->links.current();
    if (!link || is_ending()) {
        return errc::journal_unavailable;
    }
    switch (call(link->get())) {
    case NATS_OK: return {};
    case NATS_MAX_PAYLOAD: return make_error_code(boost::system::errc::message_size);
    default: state_->links.give_up(*link); return errc::journal_unavailable;
    }
}

/// To wait for a moment for the server's answer to a PING is the only way to do so.
void nats_connection::send_now() noexcept {
    const std::shared_ptr<nats_link> link = state_->links.current();
    if (link && !is_ending()) {
        natsConnection_FlushTimeout(link->get(), 1);
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
    return std::make_unique<nats_subscription>(state_->links, subject, std::move(call));
}

std::string nats_connection::make_inbox() const { return new_inbox(); }

void nats_connection::end() noexcept {
    state_->is_ending = true;
    state_->waiting.end();
    state_->links.end();
}

bool nats_connection::is_ending() const noexcept { return state_->is_ending; }

} // namespace crier::detail
