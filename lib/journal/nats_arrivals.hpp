#pragma once

#include <crier/pubsub/shared_journal.hpp>

#include "nats_audit.hpp"
#include "nats_catching_up.hpp"
#include "nats_connection.hpp"
#include "nats_deliveries.hpp"
#include "nats_following.hpp"
#include "nats_looking.hpp"
#include "nats_lookups.hpp"
#include "nats_ordering.hpp"
#include "nats_stream.hpp"

#include <boost/system/error_code.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>

namespace crier::detail {

/// Follows topics of a stream, and tells a listener what arrives, on a thread of its own.
class nats_arrivals final : nats_watcher, nats_teller {
public:
    explicit nats_arrivals(const nats_stream& of, nats_deliveries::limits most = {});
    nats_arrivals(const nats_arrivals&) = delete;
    nats_arrivals& operator=(const nats_arrivals&) = delete;
    /// Needs the connection to be ending.
    ~nats_arrivals();

    // As the functions of a shared journal:

    void listen(journal_listener* to) noexcept;
    boost::system::error_code follow(std::span<const std::string_view> topics);
    void unfollow(std::string_view topic) noexcept;

    /// Begins to tell.
    void begin();

    /// After the end of the connection.
    void end() noexcept { deliveries_.wake(); }

private:
    using clock = std::chrono::steady_clock;

    // On threads of the connection:
    void disconnected() noexcept override;
    void reconnected() noexcept override;
    void lost_messages(std::string_view subject) noexcept override;

    // While topics catch up:
    void read(std::string_view topic, const nats_kept_message& message) override;
    void missed(std::string_view topic, std::uint64_t after, std::uint64_t through) override;
    void reached(std::string_view topic, std::uint64_t through) override;

    boost::system::error_code try_follow(std::span<const std::string_view> topics);

    void run() noexcept;
    void go_on();
    clock::time_point next_time() const;
    void take();
    void fetch();
    void pass_over();
    void use(nats_deliveries::item& next);
    bool use(const nats_received& message, const nats_numbers& numbers);
    void use_ordered();
    bool fill(const nats_place& from, std::uint64_t until);
    void tell_followed(std::string_view topic, std::uint64_t through);
    void tell_all_followed(clock::time_point now);
    void tell(
        std::string_view topic, const std::optional<journal_record>& entry, std::uint64_t number);
    void tell_state(journal_state now) noexcept;
    void catch_up();
    bool note_newest(std::optional<std::uint64_t> newest, std::uint64_t known);
    void look_if_due(clock::time_point now);
    void compare(const nats_sight& seen, std::uint64_t newest_then, clock::time_point now);
    void fill_holes(clock::time_point now);
    void lose() noexcept;

    template <class Call>
    void with_listener(std::string_view topic, Call call);

    const nats_stream& stream_;
    const nats_lookups lookups_;
    nats_deliveries deliveries_;
    std::map<std::string, std::unique_ptr<nats_subscription>, std::less<>> subscriptions_;
    std::mutex listening_;
    journal_listener* listener_ = nullptr;
    std::multiset<std::string, std::less<>> stopping_; ///< nothing is told of them any more
    std::atomic<bool> was_disconnected_ = false;

    // Of the thread:
    nats_following following_;
    nats_audit audit_;
    nats_catching_up catching_up_;
    std::deque<nats_deliveries::item> taken_;
    nats_ordering ordering_;
    journal_state state_ = journal_state::connected;
    bool is_behind_ = false; ///< topics are to catch up
    std::uint64_t newest_ = 0;
    clock::time_point next_try_{};
    clock::time_point next_look_{};
    /// When it was last looked; none: what is seen is outdated.
    std::optional<std::uint64_t> newest_at_look_{};

    nats_looking looking_;
    std::thread thread_;
};

} // namespace crier::detail
