#pragma once

#include <crier/journal/sqlite_journal.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace crier::test {

/// How far a page goes that ends with all that there is.
inline constexpr std::uint64_t to_the_end = std::numeric_limits<std::uint64_t>::max();

constexpr std::size_t no_limit = std::size_t{1} << 30;

/// Puts events into a journal as a manager does.
class feeder {
public:
    explicit feeder(journal& to) : to_{to} {
        const auto begun = to.begin();
        REQUIRE(begun.has_value());
        numbering = *begun;
        next = numbering.newest;
    }

    struct more {
        std::string_view key{};
        std::string_view own_id{};
        std::chrono::system_clock::time_point at = std::chrono::system_clock::now();
    };

    boost::system::error_code try_put(std::string_view topic, std::string_view text, more with) {
        journal_entry added{++next, topic, with.key, with.own_id, text, with.at};
        return to_.append({&added, 1});
    }

    std::uint64_t put(std::string_view topic, std::string_view text) {
        return put(topic, text, more{});
    }
    std::uint64_t put(std::string_view topic, std::string_view text, const more& with) {
        const auto error = try_put(topic, text, with);
        REQUIRE_MESSAGE(!error, error.message());
        return next;
    }

    /// So many events with their numbers as texts, in one append. Gives the first number.
    std::uint64_t put_many(std::string_view topic, std::size_t count) {
        const std::uint64_t first = next + 1;
        std::vector<std::string> texts;
        std::vector<journal_entry> entries;
        texts.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            texts.push_back(std::to_string(++next));
            entries.push_back(
                {next, topic, {}, {}, texts.back(), std::chrono::system_clock::now()});
        }
        const auto error = to_.append(entries);
        REQUIRE_MESSAGE(!error, error.message());
        return first;
    }

    void keep(
        std::string_view topic, const history_limits& history, retention retain = retention::none) {
        const auto error = to_.keep(topic, history, retain);
        REQUIRE_MESSAGE(!error, error.message());
    }

    crier::journal::numbering numbering{};
    std::uint64_t next = 0;

private:
    journal& to_;
};

inline journal_page page(journal& of, std::string_view topic, std::uint64_t after = 0,
    std::size_t events = no_limit, std::size_t bytes = no_limit) {
    auto read = of.read(topic, after, events, bytes);
    REQUIRE_MESSAGE(read.has_value(), read.error().message());
    return *std::move(read);
}

inline journal_page retained_page(journal& of, std::string_view topic, std::uint64_t after = 0,
    std::size_t events = no_limit, std::size_t bytes = no_limit) {
    auto read = of.read_retained(topic, after, events, bytes);
    REQUIRE_MESSAGE(read.has_value(), read.error().message());
    return *std::move(read);
}

/// The texts of a page with spaces between.
inline std::string texts(const journal_page& of) {
    std::string all;
    for (const journal_record& each : of.records) {
        all += (all.empty() ? "" : " ") + each.text;
    }
    return all;
}

} // namespace crier::test
