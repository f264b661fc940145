#include <crier/wire/errc.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

TEST_CASE("every error has a message of its own") {
    std::set<std::string> messages;
    int count = 0;
    for (int value = 1; crier::error_category().message(value) != "unknown error"; ++value) {
        messages.insert(crier::error_category().message(value));
        ++count;
    }
    CHECK(count == static_cast<int>(crier::errc::journal_unanswered));
    CHECK(messages.size() == static_cast<std::size_t>(count));
}

TEST_CASE("an errc converts to an error code of the category crier") {
    boost::system::error_code error = crier::errc::closed;
    CHECK(error == crier::errc::closed);
    CHECK(std::string{error.category().name()} == "crier");
}
