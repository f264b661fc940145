#pragma once

#include "record.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace crier::model {

/// Reads one stream, over all of its connections, and comes back with its last event id.
class reader {
public:
    reader(std::vector<std::size_t> topics, std::string query, bool conflates);

    /// Takes the body of one connection's stream, as much as has come of it.
    void keep(std::string_view body, bool has_left);

    const record& received() const noexcept { return record_; }
    const std::string& target() const noexcept { return target_; }
    const std::string& last_event_id() const noexcept { return last_event_id_; }

    bool is_at_end = false; ///< the last server has ended the stream

private:
    std::string target_;
    std::string last_event_id_;
    record record_;
};

} // namespace crier::model
