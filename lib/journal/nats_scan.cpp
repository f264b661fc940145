#include "nats_scan.hpp"

#include <crier/wire/errc.hpp>

#include "nats_api.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace crier::detail {
namespace {

namespace json = boost::json;

using std::chrono::steady_clock;

constexpr std::chrono::seconds unused_for{5}; ///< then the server removes a consumer

} // namespace

nats_scan::nats_scan(const nats_stream& in, std::string subject, std::uint64_t after, part of)
    : in_{in}, subject_{std::move(subject)}, after_{after}, of_{of} {}

nats_scan::nats_scan(nats_scan&& other) noexcept
    : in_{other.in_},
      subject_{std::move(other.subject_)},
      after_{other.after_},
      of_{other.of_},
      consumer_{std::exchange(other.consumer_, {})},
      used_{other.used_},
      pending_{other.pending_},
      has_read_{other.has_read_},
      read_{std::move(other.read_)} {}

nats_scan::~nats_scan() { close(); }

boost::system::result<std::optional<nats_kept_message>> nats_scan::next(std::size_t expected) {
    if (read_.empty()) {
        if (const auto error = pull(std::max<std::size_t>(expected, 1))) {
            return error;
        }
    }
    if (read_.empty()) {
        return std::nullopt;
    }
    std::optional<nats_kept_message> result{std::move(read_.front())};
    read_.pop_front();
    return result;
}

boost::system::result<std::uint64_t> nats_scan::pending() {
    if (consumer_.empty()) {
        used_ = steady_clock::now();
        if (const auto error = open()) {
            return error;
        }
    }
    return pending_;
}

boost::system::error_code nats_scan::open() {
    json::object config{{"filter_subject", subject_}, {"deliver_policy", "by_start_sequence"},
        {"opt_start_seq", after_ + 1}, {"ack_policy", "none"}, {"replay_policy", "instant"},
        {"mem_storage", true}, {"num_replicas", 1},
        {"inactive_threshold", std::chrono::nanoseconds{unused_for}.count()}};
    if (of_ == part::headers) {
        config["headers_only"] = true;
    }
    const json::object question{{"stream_name", in_.name()}, {"config", std::move(config)}};
    const auto answer = nats_call(
        in_.connection(), in_.api("CONSUMER.CREATE"), json::serialize(question), nats_patience);
    if (!answer) {
        return answer.error();
    }
    consumer_ = nats_text(*answer, "name");
    pending_ = nats_number(*answer, "num_pending");
    has_read_ = false;
    return consumer_.empty() ? make_error_code(errc::journal_unavailable)
                             : boost::system::error_code{};
}

/// Without waiting: the server removes it itself when nobody uses it.
void nats_scan::close() noexcept {
    if (!consumer_.empty()) {
        try {
            in_.connection().publish(in_.api("CONSUMER.DELETE") + "." + consumer_, {});
        } catch (...) { // NOLINT(bugprone-empty-catch): no memory
        }
        consumer_.clear();
    }
}

/// No more is asked for than there is, as the server would search all of the stream for it. A
/// consumer that the server has no more, as its time or its node has gone, is made again: the
/// server would not answer. A message that does not fit into the usual bytes is asked for alone.
boost::system::error_code nats_scan::pull(std::size_t expected) {
    constexpr std::size_t most = 128;
    constexpr std::size_t usual_bytes = std::size_t{256} * 1'024;
    constexpr int attempts = 3;
    if (steady_clock::now() - used_ > unused_for / 2) {
        close();
    }
    bool is_limited = true;
    for (int i = 0; i < attempts; ++i) {
        const auto there_are = pending();
        if (!there_are) {
            return there_are.error();
        }
        if (*there_are == 0 && has_read_) {
            return {};
        }
        const std::size_t batch =
            !is_limited ? 1 : std::clamp<std::size_t>(*there_are, 1, std::min(expected, most));
        json::object question{{"batch", batch}, {"no_wait", true}};
        if (is_limited) {
            question["max_bytes"] = usual_bytes;
        }
        used_ = steady_clock::now();
        auto replies = in_.connection().request_many(in_.api("CONSUMER.MSG.NEXT") + "." + consumer_,
            json::serialize(question), batch, nats_patience);
        if (!replies) {
            close();
            return replies.error();
        }
        constexpr int no_messages = 404;
        constexpr int too_large = 409;
        const int status = replies->empty() ? no_messages : replies->back().status();
        if (take(*std::move(replies)) || status == no_messages) {
            return {};
        }
        is_limited = status != too_large;
        if (is_limited) {
            close();
        }
    }
    return errc::journal_unavailable;
}

/// Whether there was a message.
bool nats_scan::take(std::vector<nats_received> replies) {
    for (nats_received& each : replies) {
        if (const auto kept = nats_kept_at(each.reply()); kept && kept->sequence > after_) {
            after_ = kept->sequence;
            pending_ = kept->pending;
            has_read_ = true;
            read_.push_back({*kept, std::move(each)});
        }
    }
    return !read_.empty();
}

} // namespace crier::detail
