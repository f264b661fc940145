#pragma once

#include "nats_following.hpp"
#include "nats_lookups.hpp"
#include "nats_merge.hpp"
#include "nats_scan.hpp"
#include "nats_stream.hpp"

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace crier::detail {

/// Who is told what topics got meanwhile.
class nats_teller {
public:
    virtual void read(std::string_view topic, const nats_kept_message& message) = 0;
    virtual void missed(std::string_view topic, std::uint64_t after, std::uint64_t through) = 0;
    /// All up to there was told.
    virtual void reached(std::string_view topic, std::uint64_t through) = 0;

protected:
    ~nats_teller() = default;
};

/// Reads from the engine what topics got beyond the places up to which they were told. On one
/// thread.
class nats_catching_up {
public:
    explicit nats_catching_up(const nats_stream& in) noexcept : in_{in}, lookups_{in} {}

    /// Tells all that the topics have got up to a number, in the order of the numbers over all
    /// topics. After an error some was told: to be called again with other places.
    /// Errors: `errc::journal_unavailable`.
    boost::system::error_code run(
        std::span<const nats_place> places, std::uint64_t until, nats_teller& to);

    /// The same of one topic, which has got some up to there.
    boost::system::error_code fill(const nats_place& place, std::uint64_t until, nats_teller& to);

private:
    struct moved {
        std::uint64_t after = 0;
        std::uint64_t until = 0;
        bool has_some = false;            ///< it has got some, certainly
        std::uint64_t through = 0;        ///< it was read
        std::uint64_t first = 0;          ///< that was read
        bool forgets_first = false;       ///< by that, the topic has forgotten all before
        std::uint64_t missed_through = 0; ///< that was told

        /// Some may be missing, up to there.
        void miss(std::string_view topic, std::uint64_t last, nats_teller& to);
    };
    using moved_topics = std::map<std::string, moved, std::less<>>;

    boost::system::result<moved_topics> find_moved(
        std::span<const nats_place> places, std::uint64_t until) const;
    boost::system::error_code read_all(moved_topics& all, nats_teller& to) const;
    bool add_sources(const moved_topics& all, nats_merge& to) const;
    boost::system::error_code tell_missed(moved_topics& all, nats_teller& to) const;
    static void tell(
        std::string_view topic, moved& of, const nats_kept_message& message, nats_teller& to);

    const nats_stream& in_;
    nats_lookups lookups_;
};

} // namespace crier::detail
