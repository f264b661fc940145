#pragma once

#include <crier/pubsub/journal.hpp>

#include "nats_lookups.hpp"
#include "nats_scan.hpp"
#include "nats_stream.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

/// Reads a stream's topics by pages. On any thread.
///
/// Errors: `errc::journal_unavailable`.
class nats_pages {
public:
    explicit nats_pages(const nats_stream& in) noexcept : in_{in}, lookups_{in} {}

    /// Which events of a topic are read from now on, so far as the stream has them.
    void keep(std::string_view topic, const history_limits& history, retention retain);

    /// How much a page may hold.
    struct limits {
        std::size_t events = 0;
        std::size_t bytes = 0;
    };

    // As the functions of a journal:

    boost::system::result<journal_page> read(
        std::string_view topic, std::uint64_t after, limits most) const;
    boost::system::result<journal_page> read_retained(
        std::string_view topic, std::uint64_t after, limits most) const;
    boost::system::result<std::optional<std::uint64_t>> find(
        std::string_view topic, std::string_view own_id) const;

    /// Finds a message of a topic that was sent with an id, after a number.
    boost::system::result<std::optional<std::uint64_t>> find_message(
        std::string_view topic, std::uint64_t after, std::string_view message_id) const;

private:
    struct wish {
        std::optional<history_limits> history{};
        retention retain = retention::none;
    };

    /// Where reading a topic ends.
    struct end {
        std::uint64_t newest = 0;  ///< of the topic
        std::uint64_t through = 0; ///< nothing else comes up to here
    };

    /// Whether to go on.
    using visitor = std::function<bool(nats_kept_message&)>;

    wish wish_of(std::string_view topic) const;
    nats_scan scan(std::string_view topic, std::uint64_t after, nats_scan::part of) const;
    boost::system::result<end> end_of(std::string_view topic) const;
    boost::system::result<std::uint64_t> walk(nats_scan& by, end to, const visitor& use) const;
    boost::system::error_code walk_all(
        std::string_view topic, std::uint64_t after, nats_scan::part of, const visitor& use) const;
    boost::system::result<std::uint64_t> evicted_through(
        std::string_view topic, std::uint64_t after) const;

    const nats_stream& in_;
    nats_lookups lookups_;
    mutable std::mutex lock_;
    std::map<std::string, wish, std::less<>> wishes_;
};

} // namespace crier::detail
