#include <crier/journal/nats_journal.hpp>

#include "journal_calls.hpp"
#include "nats_appending.hpp"
#include "nats_arrivals.hpp"
#include "nats_connection.hpp"
#include "nats_options.hpp"
#include "nats_pages.hpp"
#include "nats_stream.hpp"

namespace crier {

using detail::error_of;
using detail::result_of;

struct nats_journal::parts {
    explicit parts(const nats_journal_options& options)
        : connection{options}, stream{connection, options} {
        stream.open();
    }

    boost::system::result<numbering> begin();

    detail::nats_connection connection;
    detail::nats_stream stream;
    detail::nats_pages pages{stream};
    detail::nats_arrivals arrivals{stream};
    detail::nats_appending appending{
        stream, [this](std::string_view topic, std::uint64_t after, std::string_view id) {
            return pages.find_message(topic, after, id);
        }};
};

boost::system::result<journal::numbering> nats_journal::parts::begin() {
    const auto info = stream.info();
    if (!info) {
        return info.error();
    }
    arrivals.begin();
    return numbering{info->epoch, info->newest};
}

nats_journal::nats_journal(const nats_journal_options& options) {
    detail::check(options);
    try {
        parts_ = std::make_unique<parts>(options);
    } catch (const detail::journal_error& error) {
        throw detail::unusable_journal{
            "the stream " + options.stream + " at " + detail::shown_servers(options.url), error};
    }
}

nats_journal::~nats_journal() { end(); }

boost::system::result<journal::numbering> nats_journal::begin() {
    return result_of<numbering>([&] { return parts_->begin(); });
}

boost::system::error_code nats_journal::keep(
    std::string_view topic, const history_limits& history, retention retain) {
    return error_of([&] { parts_->pages.keep(topic, history, retain); });
}

boost::system::error_code nats_journal::append(std::span<journal_entry> entries) {
    return error_of([&] { return parts_->appending.append(entries); });
}

/// A manager appends an entry instead.
boost::system::error_code nats_journal::forget(
    std::string_view /*topic*/, std::optional<std::string_view> /*key*/) {
    return {};
}

boost::system::result<journal_page> nats_journal::read(
    std::string_view topic, std::uint64_t after, std::size_t events, std::size_t bytes) {
    return result_of<journal_page>(
        [&] { return parts_->pages.read(topic, after, {events, bytes}); });
}

boost::system::result<journal_page> nats_journal::read_retained(
    std::string_view topic, std::uint64_t after, std::size_t events, std::size_t bytes) {
    return result_of<journal_page>(
        [&] { return parts_->pages.read_retained(topic, after, {events, bytes}); });
}

boost::system::result<std::optional<std::uint64_t>> nats_journal::find(
    std::string_view topic, std::string_view own_id) {
    return result_of<std::optional<std::uint64_t>>(
        [&] { return parts_->pages.find(topic, own_id); });
}

void nats_journal::end() noexcept {
    parts_->connection.end();
    parts_->arrivals.end();
}

void nats_journal::listen(journal_listener* to) noexcept { parts_->arrivals.listen(to); }

boost::system::error_code nats_journal::follow(std::span<const std::string_view> topics) {
    return error_of([&] { return parts_->arrivals.follow(topics); });
}

void nats_journal::unfollow(std::string_view topic) noexcept { parts_->arrivals.unfollow(topic); }

boost::system::result<std::uint64_t> nats_journal::newest() {
    return result_of<std::uint64_t>([&]() -> boost::system::result<std::uint64_t> {
        const auto info = parts_->stream.info();
        if (!info) {
            return info.error();
        }
        return info->newest;
    });
}

} // namespace crier
