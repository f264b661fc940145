#include "journal/nats_api.hpp"

#include <crier/wire/errc.hpp>

#include "journal/nats_stream.hpp"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace crier::detail;
using namespace std::chrono_literals;

namespace {

boost::json::object object(const char* text) { return nats_object(text).value(); }

boost::system::error_code error_of(const char* answer) {
    const auto refusal = refusal_in(object(answer));
    return refusal ? refusal->error() : boost::system::error_code{};
}

} // namespace

TEST_CASE("a refusal says whether it may be done later, or there is no room") {
    namespace sys = boost::system::errc;
    CHECK(!refusal_in(object(R"({"stream":"a","seq":1})")));
    CHECK(
        error_of(R"({"error":{"code":503,"err_code":10008}})") == crier::errc::journal_unavailable);
    CHECK(error_of(R"({"error":{"code":503,"err_code":10023}})") == sys::no_space_on_device);
    CHECK(error_of(R"({"error":{"code":503,"err_code":10077,
                    "description":"maximum bytes exceeded"}})") == sys::no_space_on_device);
    CHECK(error_of(R"({"error":{"code":400,"err_code":10054}})") == sys::message_size);
    CHECK(error_of(R"({"error":{"code":400,"err_code":10003}})") == crier::errc::journal_unusable);
    CHECK(refusal_in(object(R"({"error":{"code":404}})"))->is_missing());
}

TEST_CASE("what is no object of JSON is none, and what has another type is not there") {
    CHECK(!nats_object(""));
    CHECK(!nats_object("[1]"));
    CHECK(!nats_object("{"));
    const auto odd =
        object(R"({"error":1,"seq":-5,"name":2,"text":"a","big":18446744073709551615})");
    CHECK(!refusal_in(odd));
    CHECK(nats_number(odd, "seq") == 0);
    CHECK(nats_number(odd, "none") == 0);
    CHECK(nats_number(odd, "big") == 18'446'744'073'709'551'615U);
    CHECK(nats_text(odd, "name").empty());
    CHECK(nats_text(odd, "text") == "a");
}

TEST_CASE("a time is read with its fraction and its zone") {
    const auto day = std::chrono::sys_days{std::chrono::year{2026} / 11 / 28};
    CHECK(nats_time("2026-11-28T16:00:00Z") == day + 16h);
    CHECK(nats_time("2026-11-28T16:00:01.5Z") == day + 16h + 1'500ms);
    CHECK(nats_time("2026-11-28T16:00:00.123456789Z") == day + 16h + 123'456'789ns);
    CHECK(nats_time("2026-11-28T18:30:00+02:30") == day + 16h);
    CHECK(nats_time("2026-11-28T15:00:00-01:00") == day + 16h);
}

TEST_CASE("what is no time is none") {
    for (const char* text :
        {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-28 16:00:00Z",
            "2026-11-28T16:00:00", "2026-11-28T16:00:00ZZ", "2026-11-28T1x:00:00Z"}) {
        CAPTURE(text);
        CHECK(!nats_time(text));
    }
}

TEST_CASE("a stream's time of creation makes its epoch") {
    const auto epoch_of = [](const char* created) {
        const std::string answer =
            std::string{R"({"config":{},"state":{},"created":")"} + created + R"("})";
        return nats_info_of(object(answer.c_str())).value().epoch;
    };
    const auto epoch = epoch_of("2026-11-28T16:00:00.000000001Z");
    CHECK(epoch == epoch_of("2026-11-28T18:00:00.000000001+02:00"));
    CHECK(epoch != epoch_of("2026-11-28T16:00:00.000000002Z"));
    CHECK(epoch != 0);
    CHECK(epoch < std::uint64_t{1} << 40);
    CHECK(!nats_info_of(object(R"({"config":{},"state":{}})")));
}

TEST_CASE("a stream that does not send what it keeps, or keeps not all, cannot serve") {
    const auto defect = [](const std::string& config) {
        return nats_stream_defect(object((R"({"config":)" + config + "}").c_str()), "a");
    };
    const std::string start = R"({"retention":"limits","subjects":["a.e.>"],"allow_direct":true)";
    const std::string live = R"(,"republish":{"src":"a.e.>","dest":"a.live.>"})";
    CHECK(defect(start + live + "}").empty());
    CHECK(defect(start + "}") == "the stream does not republish a.e.> to a.live.>");
    CHECK(!defect(start + R"(,"republish":{"src":"a.e.>","dest":"b.>"}})").empty());
    CHECK(!defect(start + live + R"(,"no_ack":true})").empty());
    CHECK(defect(R"({"retention":"limits","subjects":["a.>"],"allow_direct":true)" + live + "}") ==
          "the stream does not keep a.e.>");
    CHECK(defect(R"({"retention":"limits","subjects":["a.e.>"])" + live + "}") ==
          "the stream does not allow direct gets");
    CHECK(
        !defect(R"({"retention":"workqueue","subjects":["a.e.>"],"allow_direct":true)" + live + "}")
            .empty());
}
