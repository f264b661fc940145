#include "nats_lookups.hpp"

#include <crier/wire/errc.hpp>

#include "nats_api.hpp"
#include "nats_tokens.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace crier::detail {
namespace {

namespace json = boost::json;

/// The number of the message that an answer holds, 0 if there is none. Nothing: it is no answer.
std::optional<std::uint64_t> number_in(const json::object& answer) {
    if (const auto refusal = refusal_in(answer)) {
        return refusal->is_missing() ? std::optional<std::uint64_t>{0} : std::nullopt;
    }
    const json::object* const message = nats_member(answer, "message");
    return message == nullptr ? std::nullopt : std::optional{nats_number(*message, "seq")};
}

std::uint64_t count_in(const json::object& answer, std::string_view subject) {
    const json::object* const state = nats_member(answer, "state");
    const json::object* const subjects =
        state == nullptr ? nullptr : nats_member(*state, "subjects");
    return subjects == nullptr ? 0 : nats_number(*subjects, subject);
}

/// Limits remove a topic's oldest events when it has as many as it may, and the stream's oldest.
std::uint64_t evicted(const nats_stream_info& info, std::uint64_t count, std::uint64_t first,
    std::uint64_t after) noexcept {
    const std::uint64_t removed = std::max<std::uint64_t>(info.first, 1) - 1;
    const bool is_full = info.events_limit != 0 && count >= info.events_limit;
    if (!is_full && removed <= after) {
        return 0;
    }
    return first == 0 ? removed : first - 1;
}

} // namespace

boost::system::error_code nats_lookups::ask_each(std::string_view call, std::size_t count,
    const std::function<json::object(std::size_t)>& question, const visitor& use) const {
    constexpr std::size_t at_once = 200;
    const std::string subject = in_.api(call);
    for (std::size_t from = 0; from < count; from += at_once) {
        std::vector<nats_request> requests;
        for (std::size_t i = from; i < std::min(count, from + at_once); ++i) {
            requests.push_back({subject, json::serialize(question(i))});
        }
        const auto replies = in_.connection().request_all(requests, nats_patience);
        if (!replies) {
            return replies.error();
        }
        for (std::size_t i = 0; i < replies->size(); ++i) {
            const auto answer = nats_object((*replies)[i].payload());
            if (!answer || !use(from + i, *answer)) {
                return errc::journal_unavailable;
            }
        }
    }
    return {};
}

boost::system::result<std::vector<std::uint64_t>> nats_lookups::newest_of(
    std::span<const std::string> topics) const {
    std::vector<std::uint64_t> result(topics.size());
    const auto error = ask_each(
        "STREAM.MSG.GET", topics.size(),
        [&](std::size_t i) {
            return json::object{{"last_by_subj", nats_kept_subject(in_.name(), topics[i])}};
        },
        [&](std::size_t i, const json::object& answer) {
            const auto number = number_in(answer);
            result[i] = number.value_or(0);
            return number.has_value();
        });
    if (error) {
        return error;
    }
    return result;
}

boost::system::result<std::uint64_t> nats_lookups::newest_of(std::string_view topic) const {
    const std::string one{topic};
    const auto found = newest_of({&one, 1});
    if (!found) {
        return found.error();
    }
    return found->front();
}

/// Most topics have all beyond the place, which their first number says.
boost::system::result<std::vector<nats_rest>> nats_lookups::rests_of(
    std::span<const nats_place> places) const {
    std::vector<nats_rest> result(places.size());
    std::vector<std::size_t> doubtful;
    auto error = ask_each(
        "STREAM.MSG.GET", places.size(),
        [&](std::size_t i) {
            return json::object{
                {"seq", 1}, {"next_by_subj", nats_kept_subject(in_.name(), places[i].topic)}};
        },
        [&](std::size_t i, const json::object& answer) {
            const auto first = number_in(answer);
            result[i].first = first.value_or(0);
            if (result[i].first == 0 || result[i].first > places[i].through) {
                doubtful.push_back(i);
            }
            return first.has_value();
        });
    const auto subject_of = [&](std::size_t i) {
        return nats_kept_subject(in_.name(), places[doubtful[i]].topic);
    };
    if (!error) {
        error = ask_each(
            "STREAM.INFO", doubtful.size(),
            [&](std::size_t i) { return json::object{{"subjects_filter", subject_of(i)}}; },
            [&](std::size_t i, const json::object& answer) {
                const auto info = nats_info_of(answer);
                nats_rest& rest = result[doubtful[i]];
                if (info) {
                    rest.evicted_through = evicted(*info, count_in(answer, subject_of(i)),
                        rest.first, places[doubtful[i]].through);
                }
                return info.has_value();
            });
    }
    if (error) {
        return error;
    }
    return result;
}

boost::system::result<nats_rest> nats_lookups::rest_of(const nats_place& place) const {
    const auto found = rests_of({&place, 1});
    if (!found) {
        return found.error();
    }
    return found->front();
}

} // namespace crier::detail
