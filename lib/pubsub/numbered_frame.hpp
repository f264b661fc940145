#pragma once

#include <crier/pubsub/event_id.hpp>
#include <crier/pubsub/journal.hpp>

#include "id_text.hpp"
#include "wire/frame_access.hpp"

namespace crier::detail {

/// The frame of an event from a shared journal, where it is kept without the manager's id.
inline frame numbered_frame(
    const journal_record& of, event_id id, bool has_ids, const memory_account_ptr& account) {
    return of.has_own_id || !has_ids
             ? frame_access::of_block(of.text, of.key, account)
             : frame_access::of_block_with_id(of.text, id_text{id}.view(), of.key, account);
}

} // namespace crier::detail
