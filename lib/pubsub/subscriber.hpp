#pragma once

#include <crier/async/clock.hpp>
#include <crier/async/detail/wakeable.hpp>

#include "backlog.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace crier::detail {

struct lane;
struct reading_back;
struct topic;

/// Whoever reads a subscriber's events, on its shard.
class reader : public wakeable {
public:
    virtual ~reader() = default;

    /// Takes an event before which nothing waits, if it can do so at once: what needs not be queued
    /// costs the least. False: it is to be queued.
    virtual bool take(const entry_ptr& only, clock::time_point now) = 0;

    /// Asks for the memory that `take` is going to need besides the reader's own.
    virtual void fetch() const noexcept = 0;

    /// Nothing comes after what is there to read.
    virtual void close() = 0;
};

/// One subscriber: its topics and what it reads back are guarded by the core's mutex, and all else
/// is touched on its shard only. Its topics keep it, and not its reader, which may keep them.
struct subscriber
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    subscriber(reader& by, bool tells_gaps, std::shared_ptr<memory_account> account);
    subscriber(const subscriber&) = delete;
    subscriber& operator=(const subscriber&) = delete;
    ~subscriber();

    // What every event touches comes first.

    /// None once it has gone.
    reader* read_by;
    /// The last sequence number given before it subscribed.
    std::uint64_t joined = 0;
    backlog pending;
    bool shut_down = false;
    bool dirty = false;
    bool drop_logged = false;
    /// Whether there is more to be read back before it joins its topics' lanes.
    bool is_behind = false;
    /// Given by its core, as are its limits; 0 before.
    std::uint64_t id = 0;
    boost::container::small_vector<std::shared_ptr<topic>, 1> topics;
    std::unique_ptr<reading_back> past;
    /// Where it stands in each of its lanes.
    struct place {
        lane* in;
        std::size_t index;
    };
    boost::container::small_vector<place, 1> places;
};

} // namespace crier::detail
