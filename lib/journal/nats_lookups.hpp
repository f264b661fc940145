#pragma once

#include "nats_following.hpp"
#include "nats_stream.hpp"

#include <boost/json/object.hpp>
#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

/// What a stream has of a topic, and has no more, beyond a number.
struct nats_rest {
    std::uint64_t first = 0; ///< the oldest of all that it has of the topic; 0: none
    /// Up to here it may have removed some; 0: it has not.
    std::uint64_t evicted_through = 0;
};

/// Looks numbers of topics up at the stream's leader, of many at once. On any thread.
///
/// Errors: `errc::journal_unavailable`.
class nats_lookups {
public:
    explicit nats_lookups(const nats_stream& in) noexcept : in_{in} {}

    /// The newest number of each topic; 0: the stream has nothing of it.
    boost::system::result<std::vector<std::uint64_t>> newest_of(
        std::span<const std::string> topics) const;
    boost::system::result<std::uint64_t> newest_of(std::string_view topic) const;

    /// What there is beyond each place.
    boost::system::result<std::vector<nats_rest>> rests_of(
        std::span<const nats_place> places) const;
    boost::system::result<nats_rest> rest_of(const nats_place& place) const;

private:
    using visitor = std::function<bool(std::size_t, const boost::json::object&)>;

    /// Asks for each of so many, in pieces, as whole answers hold whole messages.
    boost::system::error_code ask_each(std::string_view call, std::size_t count,
        const std::function<boost::json::object(std::size_t)>& question, const visitor& use) const;

    const nats_stream& in_;
};

} // namespace crier::detail
