#pragma once

#include <crier/async/detail/pending_wait.hpp>
#include <crier/pubsub/event_id.hpp>

#include "async/persistently.hpp"
#include "async/post_completion.hpp"

#include <boost/system/error_code.hpp>

#include <memory>

namespace crier::detail {

/// Who waits for an event to be in the journal; none: nobody.
using acknowledgement = std::shared_ptr<pending_wait<event_id>>;

/// Lets whoever waits know. Once, on any thread.
inline void tell(const acknowledgement& waits, boost::system::error_code error, event_id id) {
    waits->results = {error, id};
    const boost::asio::any_io_executor where = waits->where;
    persistently([&] { post_by_memory_of(waits, where, [waits] { waits->complete(); }); });
}

} // namespace crier::detail
