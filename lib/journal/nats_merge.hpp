#pragma once

#include "nats_scan.hpp"

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <functional>
#include <optional>
#include <vector>

namespace crier::detail {

/// Merges what several sources give, each in the order of its numbers, in that of them all.
class nats_merge {
public:
    /// Gives the next message, and none at its end.
    using source = std::function<boost::system::result<std::optional<nats_kept_message>>()>;

    void add(source from) { sources_.push_back({std::move(from), {}}); }

    /// Gets the first message of each that has none at hand. After an error, it may be called
    /// again.
    boost::system::error_code fetch();

    /// The message with the least number; none: all sources are at their ends.
    boost::system::result<std::optional<nats_kept_message>> next();

private:
    struct merged {
        source from;
        std::optional<nats_kept_message> first;
    };

    std::vector<merged> sources_; ///< those that are not at their ends
};

} // namespace crier::detail
