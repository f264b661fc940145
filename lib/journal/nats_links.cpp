#include "nats_links.hpp"

#include <crier/wire/errc.hpp>

#include "journal_error.hpp"
#include "nats_subscription.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <random>
#include <utility>

namespace crier::detail {

nats_links::nats_links(const nats_journal_options& options, nats_watcher& told)
    : options_{connecting(options)}, told_{told}, current_{connect()} {
    thread_ = std::thread{[this] { run(); }};
}

nats_links::~nats_links() {
    end();
    thread_.join();
    if (current_) {
        current_->close();
    }
}

std::shared_ptr<nats_link> nats_links::current() const noexcept {
    const std::scoped_lock locked{lock_};
    return current_->is_lost() ? nullptr : current_;
}

void nats_links::give_up(nats_link& link) noexcept {
    link.lose();
    wake();
}

void nats_links::wake() noexcept {
    const std::scoped_lock locked{lock_};
    changed_.notify_all();
}

void nats_links::add(nats_subscription& added) {
    const std::scoped_lock subscribing{subscribing_};
    const auto link = current();
    if (!link || !added.begin(*link->get())) {
        throw journal_error{errc::journal_unavailable, "the connection is lost"};
    }
    subscriptions_.insert(&added);
}

void nats_links::remove(nats_subscription& removed) noexcept {
    const std::scoped_lock subscribing{subscribing_};
    subscriptions_.erase(&removed);
}

void nats_links::end() noexcept {
    const std::scoped_lock locked{lock_};
    is_ending_ = true;
    changed_.notify_all();
}

std::shared_ptr<nats_link> nats_links::connect() {
    return std::make_shared<nats_link>(
        *options_, nats_link::callbacks{[this] { wake(); },
                       [this](std::string_view subject) { told_.lost_messages(subject); }});
}

void nats_links::run() noexcept {
    while (wait_for_loss()) {
        ++changes_;
        told_.disconnected();
        current_->close();
        constexpr milliseconds soon{0};
        constexpr milliseconds later{250};
        bool is_again = false;
        for (milliseconds wait = soon; !is_again; wait = later) {
            if (!pause(wait)) {
                return;
            }
            is_again = connect_again();
        }
        ++changes_;
        told_.reconnected();
    }
}

/// False: it ends instead.
bool nats_links::wait_for_loss() {
    std::unique_lock locked{lock_};
    changed_.wait(locked, [this] { return is_ending_ || current_->is_lost(); });
    return !is_ending_;
}

/// For so long, and up to three times as long or a quarter of a second more, so that not all who
/// have lost a server come back at once. False: it ends.
bool nats_links::pause(milliseconds least) {
    constexpr milliseconds::rep spread = 250;
    std::minstd_rand random{std::random_device{}()};
    const milliseconds most = 3 * least + milliseconds{spread};
    std::uniform_int_distribution<milliseconds::rep> any{least.count(), most.count()};
    std::unique_lock locked{lock_};
    return !changed_.wait_for(locked, milliseconds{any(random)}, [this] { return is_ending_; });
}

bool nats_links::connect_again() {
    try {
        const std::shared_ptr<nats_link> made = connect();
        const std::scoped_lock subscribing{subscribing_};
        const auto begin = [&made](nats_subscription* each) { return each->begin(*made->get()); };
        if (!std::ranges::all_of(subscriptions_, begin)) {
            return false;
        }
        const std::scoped_lock locked{lock_};
        current_ = made;
        return true;
    } catch (const journal_error&) {
        return false;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

} // namespace crier::detail
