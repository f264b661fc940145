#pragma once

#include <crier/pubsub/gap.hpp>
#include <crier/pubsub/topic_policy.hpp>
#include <crier/wire/frame.hpp>

#include "wire/memory_account.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace crier::detail {

struct counters;

/// A frame in the event queues of one shard. The frame's own reference count is shared by all
/// threads; this one belongs to the shard, so that a subscriber more costs no atomic operation.
class entry : public boost::intrusive_ref_counter<entry, boost::thread_unsafe_counter> {
public:
    explicit entry(frame of, event_id number = {}) noexcept : content{std::move(of)}, id{number} {}
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    virtual ~entry() = default;

    bool is_event() const noexcept { return id.sequence > 0 && !missing; }

    /// What is sent. Of a gap it is made here; until it grows, it stays so.
    const frame& encoded() {
        if (missing && content.empty()) {
            encode_gap();
        }
        return content;
    }

    frame content;
    /// None for what is no event of a topic.
    event_id id;
    /// The topic, by its counts: within it, events supersede others of the same key.
    const counters* topic = nullptr;
    /// The topic's own. None: the stream's applies.
    std::optional<overflow_policy> policy{};
    /// Of a gap.
    std::unique_ptr<gap> missing{};

private:
    void encode_gap();
};

using entry_ptr = boost::intrusive_ptr<entry>;

/// What stands in a queue where events are missing.
entry_ptr gap_entry(gap missing);

} // namespace crier::detail
