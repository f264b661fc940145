#pragma once

#include <crier/pubsub/journal.hpp>

#include <string>
#include <string_view>

namespace crier::test {

/// The data of an event, or what another entry of a journal does.
inline std::string shown(const journal_record& entry) {
    constexpr std::string_view field = "data: ";
    switch (entry.action) {
    case journal_action::publish: break;
    case journal_action::end_streams: return "(end)";
    case journal_action::close: return "(close)";
    case journal_action::forget: return "(forget)";
    }
    const std::size_t begin = entry.text.find(field) + field.size();
    return entry.text.substr(begin, entry.text.find('\n', begin) - begin);
}

} // namespace crier::test
