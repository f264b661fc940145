#include "notices.hpp"

#include <crier/wire/errc.hpp>

#include "printable.hpp"

#include <boost/asio/ssl/error.hpp>

#include <iostream>
#include <utility>

namespace cat {
namespace {

std::string in_words(std::chrono::milliseconds delay) {
    if (delay < std::chrono::seconds{1}) {
        return std::to_string(delay.count()) + " ms";
    }
    const auto tenths = (delay.count() + 50) / 100;
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
}

/// With the first line of what the server says, unless that is for browsers.
std::string explained(const crier::state_change& change) {
    constexpr std::size_t longest = 200;
    std::string text = change.message;
    if (change.response && !change.response->body.starts_with('<')) {
        const std::string_view body = change.response->body;
        const std::string_view line = body.substr(0, body.find_first_of("\r\n")).substr(0, longest);
        text.append(line.empty() ? "" : ": ").append(line);
    }
    return text;
}

/// The option that a user may not know of.
std::string_view way_out_of(const crier::state_change& change) {
    const bool tls = change.reason.category() == boost::asio::error::get_ssl_category();
    if (tls && change.message.starts_with("certificate")) {
        return "--ca-file trusts the certificates of a file, --insecure accepts any";
    }
    if (change.reason == crier::errc::line_too_long ||
        change.reason == crier::errc::event_too_large) {
        return "--event-limit takes larger events";
    }
    return {};
}

} // namespace

void notices::connecting(std::size_t stream, std::string_view url) const {
    say(stream, look::dim, std::string{"connecting to "}.append(url));
}

void notices::connected(
    std::size_t stream, std::string_view other_url, std::string_view last_event_id) const {
    std::string text = "connected";
    if (!other_url.empty()) {
        text.append(" to ").append(other_url);
    }
    if (!last_event_id.empty()) {
        text.append(", with Last-Event-ID ").append(last_event_id);
    }
    say(stream, look::good, text);
}

void notices::unsent_id(std::size_t stream, std::string_view why) const {
    say(stream, look::warning, why);
}

void notices::lost(std::size_t stream, const crier::state_change& change) {
    say(stream, look::warning,
        explained(change) + "; connecting again in " + in_words(change.delay));
    hint(stream, change);
}

void notices::ended(std::size_t stream, const crier::state_change& change) {
    const bool expected = change.reason == crier::errc::stream_ended;
    say(stream, expected ? look::dim : look::bad, (expected ? "" : "closed: ") + explained(change));
    hint(stream, change);
}

void notices::time_is_up() const {
    if (!quiet_) {
        write(margin::time(paint_), look::dim, "the time is up");
    }
}

void notices::gap(std::size_t stream, std::string_view explained) const {
    write(margin_.text(stream, paint_), look::warning, explained);
}

void notices::say(std::size_t stream, look as, std::string_view text) const {
    if (!quiet_) {
        write(margin_.text(stream, paint_), as, text);
    }
}

/// In one write, so that no other program's output comes in between.
void notices::write(std::string_view begin, look as, std::string_view text) const {
    std::cerr << std::string{begin} + paint_(as, "* " + printable(text)) + '\n';
}

void notices::hint(std::size_t stream, const crier::state_change& change) {
    const std::string_view way_out = way_out_of(change);
    if (!way_out.empty() && std::exchange(hinted_, way_out) != way_out) {
        say(stream, look::dim, way_out);
    }
}

} // namespace cat
