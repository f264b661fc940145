#pragma once

#include <crier/pubsub/manager.hpp>

#include "fan_out.hpp"
#include "outbox.hpp"
#include "topic_table.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace crier::detail {

class owed_drains;

/// What somebody wants to publish. From here on it is a `draft`, then a `frame`; of that a topic's
/// history keeps a `record`, and a `delivery` goes to each lane, an `entry` of its subscribers'
/// event queues.
struct publication {
    std::string_view topic;
    /// While a run of the topic's polling lasts only.
    const polling_run* run = nullptr;
    const event_view* whole = nullptr;
    /// In place of it; asked only where somebody gets the event.
    const std::function<boost::json::value()>* json = nullptr;
    publish_options options{};
    /// Who waits for it to be in the journal. It goes with the event, where that waits.
    mutable acknowledgement then{};
};

/// What a publisher finds under the manager's lock.
struct sight {
    bool is_shut_down = false;
    topic_ptr to;
    std::uint64_t next_sequence = 0;
    std::shared_ptr<const last_value> last;
    std::size_t lanes = 0;
};

/// An event on its way in: converted, compared and encoded without the lock, and again for as long
/// as it does not fit what is found under it.
class draft {
public:
    /// A manager's: what does not change while it lives.
    struct terms {
        const manager_options& options;
        const topic_table& topics;
        std::uint64_t epoch;
        memory_account_ptr account;
    };

    draft(terms by, const publication& of) noexcept : terms_{std::move(by)}, of_{of} {}

    /// Whether it can be published as it is, or needs not be.
    bool is_ready_for(const sight& seen) const noexcept;

    /// Errors: those of `manager::publish`; throws what user code throws.
    boost::system::error_code prepare(const sight& seen);

    /// There is no topic, and none that would keep it.
    bool is_for_nobody(const sight& seen) const noexcept { return !seen.to && !opening_->keeps(); }

    bool opening_keeps() const noexcept { return opening_ && opening_->keeps(); }
    topic_settings take_opening() noexcept { return std::move(*opening_); }
    bool has_own_id() const noexcept { return !whole_.id.empty(); }
    bool equals_last() const noexcept { return equals_last_; }
    const std::shared_ptr<const last_value>& value() const noexcept { return value_; }

    /// The same for an event that another gives its id, whatever topic there is.
    boost::system::error_code prepare_unnumbered();
    bool compares() const noexcept { return compares_; }
    const frame& content() const noexcept { return content_; }

    /// Gives the frame its id.
    const frame& numbered(event_id id) noexcept;

    /// One for each lane of the topic.
    deliveries& get_deliveries() noexcept { return deliveries_; }

private:
    bool is_encoded_for(const sight& seen) const noexcept;
    boost::system::error_code check(const topic_settings& as) const noexcept;
    std::string_view type_in(const topic_settings& as) const noexcept;
    void convert(bool compares);
    boost::system::error_code encode(const topic_settings& as, std::string_view id);

    const terms terms_;
    const publication& of_;
    std::optional<topic_settings> opening_;
    topic_ptr encoded_for_; ///< keeps its settings
    bool is_converted_ = false;
    bool compares_ = false;
    bool equals_last_ = false;
    std::string text_;
    event_view whole_;
    std::shared_ptr<const last_value> value_;
    std::shared_ptr<const last_value> compared_with_;
    std::uint64_t guessed_ = 0;
    frame content_;
    deliveries deliveries_;
};

} // namespace crier::detail
