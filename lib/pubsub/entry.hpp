#pragma once

#include <crier/pubsub/gap.hpp>
#include <crier/wire/frame.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace crier::detail {

struct counters;

/// A frame in the queues of one shard. The frame's own reference count is shared by all threads;
/// this one belongs to the shard, so that a subscriber more costs no atomic operation.
struct entry : boost::intrusive_ref_counter<entry, boost::thread_unsafe_counter> {
    explicit entry(frame of, event_id number = {}) : content{std::move(of)}, id{number} {}

    bool is_event() const noexcept { return id.sequence > 0 && !lost; }

    /// What is sent. From here on it tells of a gap as it is now.
    const frame& told() {
        if (content.empty() && lost) {
            tell_gap();
        }
        return content;
    }

    /// Of a gap: made once it is to be sent.
    frame content;
    /// None for what is no event of a topic.
    event_id id;
    /// The topic, by its counts, and the key or type within it by which events supersede others.
    const counters* topic = nullptr;
    std::string key{};
    std::unique_ptr<gap> lost{};

private:
    void tell_gap();
};

using entry_ptr = boost::intrusive_ptr<entry>;

/// What stands in a queue where events are missing.
entry_ptr gap_entry(gap lost);

/// How a stream wants its frames: as they are, or as chunks of the chunked coding.
enum class coding { plain, chunked };

inline std::string_view bytes_of(const frame& content, coding as) noexcept {
    return as == coding::chunked ? content.chunk() : content.text();
}

} // namespace crier::detail
