#pragma once

#include "draft.hpp"
#include "manager_core.hpp"

#include <boost/system/result.hpp>

namespace crier::detail {

class journaling;
class owed_wake;

/// How an event gets its number, and goes to its topic: at once, or by the journal.
class publishing {
public:
    explicit publishing(manager_core& of) noexcept : of_{of} {}

    /// From now on by it, where a topic has it.
    void go_by(journaling& journal) noexcept { journal_ = &journal; }

    /// Errors: those of `manager::publish`.
    boost::system::result<event_id> publish(const publication& what);

    /// The same, and tells of it when it is in the journal.
    void publish(publication what, const acknowledgement& then);

private:
    topic* topic_of(const publication& what) const noexcept;
    sight look(const publication& what) const;
    boost::system::error_code refuse(const publication& what, boost::system::error_code why);
    bool waits_for_journal(const sight& seen, const draft& drawn) const noexcept;
    event_id publish_to_nobody(const publication& what) noexcept;
    event_id commit(const publication& what, draft& drawn, const sight& seen, owed_drains& owed);
    boost::system::result<event_id> enqueue(const publication& what, draft& drawn,
        const sight& seen, owed_drains& owed, owed_wake& woken);
    topic& topic_for(const publication& what, draft& drawn, const sight& seen);
    void note(const publication& what, topic& to, const draft& drawn) noexcept;
    void note_life(const publication& what) noexcept;
    boost::system::result<event_id> send(const publication& what);

    manager_core& of_;
    journaling* journal_ = nullptr; ///< none without a journal
    unsigned refusals_logged_ = 0;  ///< of topics that there are none of
};

} // namespace crier::detail
