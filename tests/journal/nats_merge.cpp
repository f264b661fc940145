#include "journal/nats_merge.hpp"

#include <crier/wire/errc.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

using crier::detail::nats_kept_message;
using crier::detail::nats_merge;
using crier::detail::nats_received;

namespace {

using given = boost::system::result<std::optional<nats_kept_message>>;

/// Gives so numbered messages, and fails once where there is a 0.
nats_merge::source of(std::vector<std::uint64_t> numbers) {
    return [numbers = std::move(numbers), at = std::size_t{0}]() mutable -> given {
        if (at == numbers.size()) {
            return std::nullopt;
        }
        const std::uint64_t number = numbers[at++];
        if (number == 0) {
            return crier::errc::journal_unavailable;
        }
        return std::optional{nats_kept_message{{number, {}, 0}, nats_received{nullptr}}};
    };
}

std::string merged(nats_merge& by) {
    std::string all;
    while (true) {
        const auto next = by.next();
        if (!next) {
            return all + "error";
        }
        if (!*next) {
            return all;
        }
        all += std::to_string((*next)->kept.sequence) + ' ';
    }
}

} // namespace

TEST_CASE("sources are merged in the order of all their numbers") {
    nats_merge by;
    by.add(of({3, 9, 10}));
    by.add(of({}));
    by.add(of({1, 4, 5, 11}));
    by.add(of({7}));
    CHECK(!by.fetch());
    CHECK(merged(by) == "1 3 4 5 7 9 10 11 ");
    CHECK(merged(by).empty());
    nats_merge none;
    CHECK(merged(none).empty());
}

TEST_CASE("nothing is given before all sources have answered") {
    nats_merge by;
    by.add(of({3, 0, 9}));
    by.add(of({1, 4, 5}));
    CHECK(merged(by) == "1 3 error");
    CHECK(merged(by) == "4 5 9 ");
}
