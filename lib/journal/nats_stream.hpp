#pragma once

#include <crier/journal/nats_journal.hpp>

#include "nats_connection.hpp"

#include <boost/json/object.hpp>
#include <boost/system/result.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

/// What a stream is, and holds, at a time.
struct nats_stream_info {
    std::uint64_t epoch = 0; ///< of 40 bits, and never 0
    std::uint64_t first = 0; ///< the least number that it may hold
    std::uint64_t newest = 0;
    std::uint64_t messages = 0;
    std::uint64_t events_limit = 0;         ///< of a topic; 0: there is none
    std::chrono::nanoseconds age_limit{0};  ///< 0: there is none
    std::chrono::nanoseconds duplicates{0}; ///< how long the same id is known again
};

/// The stream of a journal. After `open`, on any thread.
class nats_stream {
public:
    nats_stream(nats_connection& on, const nats_journal_options& options);

    /// Looks whether the stream is as it must be, or makes it where there is none.
    /// Errors: throws `journal_error`.
    void open();

    const std::string& name() const noexcept { return name_; }
    nats_connection& connection() const noexcept { return on_; }

    /// What it was when it was opened.
    const nats_stream_info& opened() const noexcept { return opened_; }

    /// The subject of a call of JetStream's API: "$JS.API.STREAM.INFO.NAME" of "STREAM.INFO".
    std::string api(std::string_view call) const;

    /// Asks the stream's leader. Errors: `errc::journal_unavailable`, also once the stream is
    /// another than that which was opened.
    boost::system::result<nats_stream_info> info() const;

    /// Whether it was seen to be another than that which was opened.
    bool is_another() const noexcept { return is_another_; }

    /// How many messages a subject holds.
    boost::system::result<std::uint64_t> messages_of(const std::string& subject) const;

private:
    void create();
    void take(const boost::json::object& answer);
    boost::json::object ask(std::string_view call, std::string_view payload) const;

    nats_connection& on_;
    const nats_journal_options& options_;
    std::string name_;
    nats_stream_info opened_{};
    mutable std::atomic<bool> is_another_ = false;
};

/// Reads the answer to STREAM.INFO or STREAM.CREATE; nothing if it is none.
std::optional<nats_stream_info> nats_info_of(const boost::json::object& answer);

/// What keeps a stream from serving as the journal of that name, in words; empty: nothing.
std::string nats_stream_defect(const boost::json::object& answer, std::string_view name);

} // namespace crier::detail
