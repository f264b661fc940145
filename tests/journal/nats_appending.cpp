#include "journal/nats_appending.hpp"

#include <crier/wire/errc.hpp>

#include "support/nats_server.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

using namespace crier::test;
using crier::journal_entry;
using crier::nats_journal_options;
using crier::detail::nats_appending;
using crier::detail::nats_connection;
using crier::detail::nats_stream;

namespace {

/// Appends to a server, and counts what it has.
class appender {
public:
    explicit appender(nats_journal_options options)
        : options_{std::move(options)}, connection_{options_}, stream_{connection_, options_} {
        stream_.open();
        appending_.emplace(stream_, [this](std::string_view topic, std::uint64_t after, auto) {
            lookups_.emplace_back(std::string{topic} + ' ' + std::to_string(after));
            return boost::system::result<std::optional<std::uint64_t>>{to_find_};
        });
    }

    std::vector<journal_entry> entries(std::size_t many, const std::string& topic = "news") {
        std::vector<journal_entry> made(many);
        topic_ = topic;
        for (journal_entry& each : made) {
            each.topic = topic_;
            each.text = text_;
            each.ticket = ++ticket_;
        }
        return made;
    }

    auto append(std::vector<journal_entry>& entries) { return appending_->append(entries); }

    /// As a manager does it.
    void append_at_last(std::vector<journal_entry>& entries) {
        while (append(entries) == crier::errc::journal_unavailable) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
    }

    /// What the server says, once it can be asked.
    crier::detail::nats_stream_info info() {
        auto found = stream_.info();
        while (!found) {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
            found = stream_.info();
        }
        return *found;
    }

    std::uint64_t kept() { return info().messages; }
    void text(std::string text) { text_ = std::move(text); }
    /// What the stream says to have of what may have been sent before.
    void let_find(std::optional<std::uint64_t> number) { to_find_ = number; }
    const std::vector<std::string>& lookups() const { return lookups_; }
    nats_connection& connection() { return connection_; }

private:
    nats_journal_options options_;
    nats_connection connection_;
    nats_stream stream_;
    std::optional<nats_appending> appending_;
    std::string topic_;
    std::string text_ = "data: one\n\n";
    std::uint64_t ticket_ = 0;
    std::vector<std::string> lookups_;
    std::optional<std::uint64_t> to_find_;
};

nats_journal_options at(const nats_server& server, std::size_t events = 100'000) {
    nats_journal_options options;
    options.url = server.url();
    options.stream = "test";
    options.events = events;
    return options;
}

} // namespace

TEST_CASE("what is appended gets rising numbers") {
    const nats_server server;
    appender to{at(server)};
    auto first = to.entries(1'000);
    REQUIRE(!to.append(first));
    auto second = to.entries(1, "other");
    REQUIRE(!to.append(second));
    for (std::size_t i = 0; i < first.size(); ++i) {
        REQUIRE(first[i].sequence == i + 1);
        REQUIRE(!first[i].error);
    }
    CHECK(second[0].sequence == first.size() + 1);
    CHECK(to.kept() == first.size() + 1);
}

TEST_CASE("what is appended once more is not sent again") {
    const nats_server server;
    appender to{at(server)};
    auto entries = to.entries(10);
    REQUIRE(!to.append(entries));
    REQUIRE(!to.append(entries));
    CHECK(entries[9].sequence == 10);
    CHECK(to.kept() == 10);
}

TEST_CASE("what got no number before the server was killed gets one after that, and no second") {
    nats_server server;
    appender to{at(server)};
    constexpr std::size_t many = 50'000;
    auto entries = to.entries(many);
    std::thread writer{[&] { to.append_at_last(entries); }};
    std::this_thread::sleep_for(std::chrono::milliseconds{150});
    server.restart();
    writer.join();
    CHECK(to.kept() == many);
    std::uint64_t before = 0;
    for (const journal_entry& each : entries) {
        REQUIRE(!each.error);
        REQUIRE(each.sequence > before);
        before = each.sequence;
    }
    CHECK(before == many);
}

TEST_CASE("an append to a server that does not answer returns, and the next one goes on") {
    nats_server server;
    appender to{at(server)};
    auto entries = to.entries(100);
    server.pause();
    const auto began = std::chrono::steady_clock::now();
    CHECK(to.append(entries) == crier::errc::journal_unavailable);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds{1'500});
    server.go_on();
    to.append_at_last(entries);
    CHECK(entries[0].sequence == 1);
    CHECK(entries[99].sequence == 100);
    CHECK(to.kept() == 100);
}

TEST_CASE(
    "what a server that has stopped to read got in part is not mixed up with later messages") {
    nats_server server{"max_payload: 8388608"};
    appender to{at(server)};
    to.text("data: " + std::string(6'000'000, 'x') + "\n\n");
    auto entries = to.entries(3);
    server.pause();
    CHECK(to.append(entries) == crier::errc::journal_unavailable);
    CHECK(!to.connection().is_up());
    server.go_on();
    to.append_at_last(entries);
    CHECK(entries[0].sequence == 1);
    CHECK(entries[2].sequence == 3);
    CHECK(to.kept() == 3);
}

TEST_CASE("an append returns soon when the journal ends") {
    nats_server server;
    appender to{at(server)};
    auto entries = to.entries(100);
    server.pause();
    std::thread ender{[&to] {
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
        to.connection().end();
    }};
    const auto began = std::chrono::steady_clock::now();
    CHECK(to.append(entries) == crier::errc::journal_unavailable);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds{500});
    ender.join();
}

TEST_CASE("an event that is greater than the server takes is refused, and the others are kept") {
    const nats_server server{"max_payload: 4096"};
    appender to{at(server)};
    auto entries = to.entries(3);
    const std::string text = "data: " + std::string(5'000, 'x') + "\n\n";
    entries[1].text = text;
    REQUIRE(!to.append(entries));
    CHECK(entries[0].sequence == 1);
    CHECK(entries[1].error == boost::system::errc::message_size);
    CHECK(entries[2].sequence == 2);
}

TEST_CASE("a topic that is too long for a subject is refused") {
    const nats_server server;
    appender to{at(server)};
    auto longest = to.entries(1, std::string(1'024, '/'));
    CHECK(!to.append(longest));
    CHECK(longest[0].sequence == 1);
    auto longer = to.entries(1, std::string(1'025, '/'));
    CHECK(!to.append(longer));
    CHECK(longer[0].error == crier::errc::invalid_topic);
}

TEST_CASE("a topic that is closed, or forgets all, holds nothing of what was before") {
    const nats_server server;
    appender to{at(server)};
    auto entries = to.entries(10);
    entries[8].action = crier::journal_action::forget;
    entries[8].key = "k";
    entries[8].text = {};
    entries[9].action = crier::journal_action::close;
    entries[9].text = {};
    const std::vector<journal_entry> without_close{entries.begin(), entries.end() - 1};
    auto sent = without_close;
    REQUIRE(!to.append(sent));
    CHECK(to.kept() == 9);
    auto close = std::vector<journal_entry>{entries.back()};
    REQUIRE(!to.append(close));
    REQUIRE(!to.connection().flush(std::chrono::seconds{2}));
    for (int tries = 0; tries < 100 && to.kept() != 1; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    CHECK(to.kept() == 1);
    CHECK(to.info().newest == 10);
}

TEST_CASE("what the server may have forgotten the id of is looked for before it is sent again") {
    nats_server server;
    nats_journal_options options = at(server);
    options.age = std::chrono::milliseconds{100}; // and no id is known for longer
    appender to{options};
    auto before = to.entries(3);
    REQUIRE(!to.append(before));
    auto entries = to.entries(1, "other");
    server.pause();
    CHECK(to.append(entries) == crier::errc::journal_unavailable);
    server.restart();
    SUBCASE("it is there") {
        to.let_find(7);
        to.append_at_last(entries);
        CHECK(entries[0].sequence == 7);
        CHECK(to.info().newest == 3);
    }
    SUBCASE("it is not there") {
        to.append_at_last(entries);
        CHECK(entries[0].sequence == 4);
        CHECK(to.info().newest == 4);
    }
    REQUIRE(!to.lookups().empty());
    CHECK(to.lookups().front() == "other 3");
}
