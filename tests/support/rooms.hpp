#pragma once

#include "context.hpp"
#include "pubsub/manager_core.hpp"
#include "pubsub/memberships.hpp"

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace crier::test {

/// A subscriber whose events nobody takes.
struct idle_subscriber final : detail::subscriber {
    explicit idle_subscriber(const detail::memory_account_ptr& account)
        : subscriber{true, account} {
        pending.limit({.limits = {8, 1'000'000, overflow_policy::drop_oldest}});
    }
    void wake() override {}
};
using idle_ptr = boost::intrusive_ptr<idle_subscriber>;

/// What stands around a manager's subscribers, without a manager.
struct rooms {
    context test;
    std::shared_ptr<detail::manager_core> core = std::make_shared<detail::manager_core>(
        std::make_shared<const logger>([](severity, std::string_view) {}),
        manager_options{.memory_limit = 1'000'000}, journal::numbering{1, 0});
    detail::topic_table& topics = core->topics;
    detail::review_alarm& reviews = core->reviews;
    std::shared_ptr<detail::shard> on = std::make_shared<detail::shard>(
        test.io.get_executor(), core->log, core->counts, std::weak_ptr<detail::shed_listener>{});
    detail::memberships members{topics, reviews};

    rooms() { reviews.live_on(on, core); }
    rooms(const rooms&) = delete;
    rooms& operator=(const rooms&) = delete;
    ~rooms() {
        {
            detail::owed_drains owed;
            while (detail::topic* const left = topics.any()) {
                reviews.stop(topics.retire(*left), owed);
            }
            reviews.adjust(owed);
        }
        test.run();
    }

    detail::topic& open(const std::string& name, std::size_t history) {
        detail::topic_settings settings;
        settings.history.events = history;
        return topics.open(name, settings, 0);
    }

    /// A subscriber of the topics; one that stays, or one that does not get so far.
    idle_ptr subscriber_of(std::initializer_list<std::string> names, bool stays = true) {
        const idle_ptr made{new idle_subscriber{core->account()}};
        made->memberships.reserve(names.size());
        detail::owed_drains owed;
        detail::memberships::entering entered{members, *made, owed};
        for (const std::string& name : names) {
            topic_options one;
            one.name = name;
            detail::asked_topic asked{std::move(one), {}};
            entered.enter(asked, on);
        }
        if (stays) {
            entered.stay();
        }
        return made;
    }

    /// Tells whether it had not left yet.
    bool leave(detail::subscriber& who) {
        detail::owed_drains owed;
        return members.leave(who, owed);
    }
};

} // namespace crier::test
