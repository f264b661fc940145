#include "nats_stream.hpp"

#include <crier/wire/errc.hpp>

#include "journal_error.hpp"
#include "nats_api.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace crier::detail {
namespace {

namespace json = boost::json;
using std::chrono::nanoseconds;

constexpr std::chrono::milliseconds patience_at_start{5'000};
constexpr nanoseconds wanted_window = std::chrono::minutes{2};

/// A time as a number of 40 bits that is not 0, each bit of which hangs on all bits of the time.
/// Source: the finalizer of MurmurHash3.
std::uint64_t epoch_of(std::chrono::system_clock::time_point created) noexcept {
    constexpr std::uint64_t bits = (std::uint64_t{1} << 40) - 1;
    auto mixed = static_cast<std::uint64_t>(nanoseconds{created.time_since_epoch()}.count());
    mixed = (mixed ^ (mixed >> 33)) * 0xFF51AFD7ED558CCD;
    mixed = (mixed ^ (mixed >> 33)) * 0xC4CEB9FE1A85EC53;
    mixed = (mixed ^ (mixed >> 33)) & bits;
    return std::max<std::uint64_t>(mixed, 1);
}

json::object config_of(const nats_journal_options& options) {
    const std::string& name = options.stream;
    const nanoseconds age = std::max(nanoseconds{options.age}, nanoseconds{0});
    const nanoseconds window = age.count() == 0 ? wanted_window : std::min(wanted_window, age);
    const auto limit = [](std::size_t number) {
        constexpr std::size_t most = std::numeric_limits<std::int64_t>::max();
        return static_cast<std::int64_t>(std::min(number, most));
    };
    return {{"name", name}, {"subjects", json::array{name + ".e.>"}}, {"retention", "limits"},
        {"storage", "file"}, {"discard", "old"}, {"num_replicas", options.replicas},
        {"max_consumers", -1}, {"max_msgs", -1}, {"max_msg_size", -1},
        {"max_msgs_per_subject", limit(options.events)},
        {"max_bytes", options.bytes == 0 ? -1 : limit(options.bytes)}, {"max_age", age.count()},
        {"duplicate_window", window.count()}, {"allow_direct", true},
        {"republish", json::object{{"src", name + ".e.>"}, {"dest", name + ".live.>"}}}};
}

journal_error refused(const nats_refusal& why) {
    return {why.error(), why.words.empty() ? "JetStream refuses it" : why.words};
}

nanoseconds duration_in(const json::object& in, std::string_view name) noexcept {
    return nanoseconds{static_cast<std::int64_t>(nats_number(in, name))};
}

bool is_true(const json::object& in, std::string_view name) noexcept {
    const json::value* const found = in.if_contains(name);
    return found != nullptr && found->is_bool() && found->get_bool();
}

} // namespace

std::optional<nats_stream_info> nats_info_of(const json::object& answer) {
    const json::object* const config = nats_member(answer, "config");
    const json::object* const state = nats_member(answer, "state");
    const auto created = nats_time(nats_text(answer, "created"));
    if (config == nullptr || state == nullptr || !created) {
        return std::nullopt;
    }
    nats_stream_info info;
    info.epoch = epoch_of(*created);
    info.first = nats_number(*state, "first_seq");
    info.newest = nats_number(*state, "last_seq");
    info.messages = nats_number(*state, "messages");
    info.events_limit = nats_number(*config, "max_msgs_per_subject");
    info.age_limit = duration_in(*config, "max_age");
    info.duplicates = duration_in(*config, "duplicate_window");
    return info;
}

std::string nats_stream_defect(const json::object& answer, std::string_view name) {
    const std::string kept = std::string{name} + ".e.>";
    const json::object* const config = nats_member(answer, "config");
    if (config == nullptr) {
        return "the stream has no configuration";
    }
    const json::value* const subjects = config->if_contains("subjects");
    if (subjects == nullptr || !subjects->is_array() ||
        std::ranges::find(subjects->get_array(), json::value(kept)) ==
            subjects->get_array().end()) {
        return "the stream does not keep " + kept;
    }
    const json::object* const republish = nats_member(*config, "republish");
    const std::string live = std::string{name} + ".live.>";
    if (republish == nullptr || nats_text(*republish, "src") != kept ||
        nats_text(*republish, "dest") != live || is_true(*republish, "headers_only")) {
        return "the stream does not republish " + kept + " to " + live;
    }
    if (!is_true(*config, "allow_direct")) {
        return "the stream does not allow direct gets";
    }
    if (nats_text(*config, "retention") != "limits" || is_true(*config, "no_ack")) {
        return "the stream does not keep events by limits, or acknowledges none";
    }
    return {};
}

nats_stream::nats_stream(nats_connection& on, const nats_journal_options& options)
    : on_{on}, options_{options}, name_{options.stream} {}

std::string nats_stream::api(std::string_view call) const {
    std::string subject{"$JS.API."};
    subject += call;
    subject += '.';
    subject += name_;
    return subject;
}

json::object nats_stream::ask(std::string_view call, std::string_view payload) const {
    auto answer = nats_call(on_, api(call), payload, patience_at_start);
    if (!answer) {
        throw journal_error{answer.error(), answer.error() == errc::journal_unavailable
                                                ? "JetStream does not answer, or is not enabled"
                                                : "JetStream's answer makes no sense"};
    }
    return std::move(*answer);
}

void nats_stream::open() {
    const json::object found = ask("STREAM.INFO", {});
    const auto refusal = refusal_in(found);
    if (!refusal) {
        take(found);
    } else if (refusal->is_missing()) {
        create();
    } else {
        throw refused(*refusal);
    }
}

void nats_stream::create() {
    const json::object made = ask("STREAM.CREATE", json::serialize(config_of(options_)));
    if (const auto refusal = refusal_in(made)) {
        constexpr int name_in_use = 10'058;
        if (refusal->reason != name_in_use) {
            throw refused(*refusal);
        }
        take(ask("STREAM.INFO", {})); // another node was quicker
        return;
    }
    take(made);
}

void nats_stream::take(const json::object& answer) {
    const auto info = nats_info_of(answer);
    if (!info) {
        throw journal_error{errc::journal_unusable, "JetStream's answer makes no sense"};
    }
    if (const std::string defect = nats_stream_defect(answer, name_); !defect.empty()) {
        throw journal_error{errc::journal_unusable, defect};
    }
    opened_ = *info;
}

boost::system::result<nats_stream_info> nats_stream::info() const {
    const auto answer = nats_call(on_, api("STREAM.INFO"), {}, nats_patience);
    if (!answer) {
        return answer.error();
    }
    const auto info = nats_info_of(*answer);
    if (info && info->epoch != opened_.epoch) {
        is_another_ = true;
    }
    if (!info || is_another_) {
        return errc::journal_unavailable;
    }
    return *info;
}

boost::system::result<std::uint64_t> nats_stream::messages_of(const std::string& subject) const {
    const auto answer = nats_call(on_, api("STREAM.INFO"),
        json::serialize(json::object{{"subjects_filter", subject}}), nats_patience);
    if (!answer) {
        return answer.error();
    }
    const json::object* const state = nats_member(*answer, "state");
    const json::object* const subjects =
        state == nullptr ? nullptr : nats_member(*state, "subjects");
    return subjects == nullptr ? 0 : nats_number(*subjects, subject);
}

} // namespace crier::detail
