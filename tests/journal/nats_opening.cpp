#include <crier/journal/nats_journal.hpp>
#include <crier/wire/errc.hpp>

#include "journal/nats_api.hpp"
#include "journal/nats_connection.hpp"
#include "support/nats_server.hpp"

#include <boost/system/system_error.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace crier::test;
using crier::nats_journal;
using crier::nats_journal_options;
using crier::detail::nats_call;
using crier::detail::nats_connection;

namespace {

nats_journal_options at(const nats_server& server) {
    nats_journal_options options;
    options.url = server.url();
    options.stream = "test";
    return options;
}

crier::journal_entry entry(std::string_view topic, std::string_view text, std::uint64_t ticket) {
    crier::journal_entry made;
    made.topic = topic;
    made.text = text;
    made.ticket = ticket;
    return made;
}

void make_stream(const nats_server& server, const char* config) {
    nats_connection admin{at(server)};
    const auto made =
        nats_call(admin, "$JS.API.STREAM.CREATE.test", config, std::chrono::seconds{5});
    REQUIRE(made.has_value());
    REQUIRE(!crier::detail::refusal_in(*made));
}

/// What it says when it cannot be opened, and the error; empty: it was opened.
std::string refusal(const nats_journal_options& options, boost::system::error_code& error) {
    try {
        const nats_journal opened{options};
        return {};
    } catch (const boost::system::system_error& thrown) {
        error = thrown.code();
        return thrown.what();
    }
}

std::string words(const nats_server& server, const std::string& why) {
    return "cannot use the stream test at " + server.url() + " as a journal: " + why;
}

} // namespace

TEST_CASE(
    "a journal that is opened again goes on with the numbers, also after a restart of the server") {
    nats_server server;
    std::uint64_t epoch = 0;
    {
        nats_journal journal{at(server)};
        const auto begun = journal.begin();
        REQUIRE(begun.has_value());
        CHECK(begun->newest == 0);
        epoch = begun->epoch;
        std::vector<crier::journal_entry> entries(2);
        entries[0] = entry("a", "data: 1\n\n", 1);
        entries[1] = entry("b", "data: 2\n\n", 2);
        REQUIRE(!journal.append(entries));
        CHECK(journal.newest().value() == 2);
        journal.end();
    }
    server.restart();
    nats_journal journal{at(server)};
    const auto begun = journal.begin();
    REQUIRE(begun.has_value());
    CHECK(begun->newest == 2);
    CHECK(begun->epoch == epoch);
}

TEST_CASE("a journal without a server says so") {
    nats_server server;
    server.kill();
    boost::system::error_code error;
    CHECK(refusal(at(server), error) == words(server, "no server is reached"));
    CHECK(error == crier::errc::journal_unavailable);
}

TEST_CASE("a journal finds one of several servers") {
    const nats_server server;
    nats_server gone;
    gone.kill();
    nats_journal_options options = at(server);
    options.url = gone.url() + ", " + server.url().substr(7);
    boost::system::error_code error;
    CHECK(refusal(options, error).empty());
}

TEST_CASE("a server without JetStream is told from one that cannot be reached") {
    const nats_server server{{}, false};
    boost::system::error_code error;
    CHECK(refusal(at(server), error) ==
          words(server, "JetStream does not answer, or is not enabled"));
    CHECK(error == crier::errc::journal_unavailable);
}

TEST_CASE("a stream that was made otherwise is used with its limits, if it can serve") {
    const nats_server server;
    make_stream(server, R"({"name":"test","subjects":["test.e.>"],"max_msgs_per_subject":3,
        "allow_direct":true,"republish":{"src":"test.e.>","dest":"test.live.>"}})");
    nats_journal journal{at(server)};
    REQUIRE(journal.begin().has_value());
    std::vector<crier::journal_entry> entries;
    for (std::uint64_t ticket = 1; ticket <= 5; ++ticket) {
        entries.push_back(entry("a", "data: 1\n\n", ticket));
    }
    REQUIRE(!journal.append(entries));
    const auto kept = journal.read("a", 0, 10, 1'000);
    REQUIRE(kept.has_value());
    REQUIRE(kept->records.size() == 3);
    CHECK(kept->records[0].sequence == 3);
    CHECK(kept->evicted_through == 2);
}

TEST_CASE("a stream that cannot serve is not used, and not changed") {
    const nats_server server;
    make_stream(server, R"({"name":"test","subjects":["test.e.>"],"allow_direct":true})");
    boost::system::error_code error;
    for (int i = 0; i < 2; ++i) {
        CHECK(refusal(at(server), error) ==
              words(server, "the stream does not republish test.e.> to test.live.>"));
        CHECK(error == crier::errc::journal_unusable);
    }
}

TEST_CASE("a stream that is full refuses events") {
    const nats_server server;
    make_stream(server, R"({"name":"test","subjects":["test.e.>"],"max_bytes":2000,"discard":"new",
        "allow_direct":true,"republish":{"src":"test.e.>","dest":"test.live.>"}})");
    nats_journal journal{at(server)};
    REQUIRE(journal.begin().has_value());
    const std::string text = "data: " + std::string(1'000, 'x') + "\n\n";
    std::vector<crier::journal_entry> entries{entry("a", text, 1), entry("b", text, 2)};
    REQUIRE(!journal.append(entries));
    CHECK(entries[0].sequence == 1);
    CHECK(entries[1].error == boost::system::errc::no_space_on_device);
}

TEST_CASE("a stream that is deleted and made again while the journal is open is not taken for the "
          "first") {
    const nats_server server;
    nats_journal journal{at(server)};
    REQUIRE(journal.begin().has_value());
    std::vector<crier::journal_entry> entries{entry("a", "data: 1\n\n", 1)};
    REQUIRE(!journal.append(entries));
    const nats_journal_options options = at(server);
    nats_connection admin{options};
    const auto deleted =
        nats_call(admin, "$JS.API.STREAM.DELETE.test", {}, std::chrono::seconds{5});
    REQUIRE(deleted.has_value());
    nats_journal other{options};
    REQUIRE(other.begin().has_value());
    std::vector<crier::journal_entry> later{entry("a", "data: 2\n\n", 2)};
    CHECK(journal.append(later) == crier::errc::journal_unavailable);
    CHECK(later[0].sequence == 0);
    CHECK(journal.newest().error() == crier::errc::journal_unavailable);
}

TEST_CASE("a user that the server does not know is refused, and no password is told") {
    const nats_server server{"authorization: {user: me, password: secret}"};
    nats_journal_options options = at(server);
    boost::system::error_code error;
    const std::string why = "the server lets nobody in with these credentials";
    CHECK(refusal(options, error) == words(server, why));
    CHECK(error == crier::errc::journal_unusable);
    options.url = "nats://me:wrong@127.0.0.1:" + std::to_string(server.port());
    CHECK(refusal(options, error) == words(server, why));
    options.url = "nats://me:secret@127.0.0.1:" + std::to_string(server.port());
    CHECK(refusal(options, error).empty());
    options.url = server.url();
    options.user = "me";
    options.password = "secret";
    CHECK(refusal(options, error).empty());
}

TEST_CASE("options that make no sense are refused") {
    const auto refuses = [](const std::function<void(nats_journal_options&)>& change) {
        nats_journal_options options;
        options.stream = "test";
        change(options);
        CHECK_THROWS_AS(nats_journal{options}, std::invalid_argument);
    };
    refuses([](auto& options) { options.url = ""; });
    refuses([](auto& options) { options.url = "127.0.0.1:4222"; });
    refuses([](auto& options) { options.url = "nats://a,http://b"; });
    refuses([](auto& options) { options.stream = ""; });
    refuses([](auto& options) { options.stream = "a.b"; });
    refuses([](auto& options) { options.replicas = 0; });
    refuses([](auto& options) { options.replicas = 6; });
    refuses([](auto& options) { options.events = 0; });
    refuses([](auto& options) { options.certificate_file = "a"; });
    refuses([](auto& options) { options.user = options.token = "a"; });
}
