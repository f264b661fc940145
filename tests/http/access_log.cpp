#include <crier/http/access_record.hpp>
#include <crier/http/server.hpp>

#include "support/running_server.hpp"

#include <doctest/doctest.h>

#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

using crier::access_record;
using crier::exchange;
using crier::test::eventually;
using crier::test::running_server;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;

namespace {

/// What a server tells its access log.
class accesses {
public:
    crier::server_options options() {
        crier::server_options made;
        made.access_log = [this](const access_record& each) {
            const std::lock_guard lock{mutex_};
            all_.push_back(each);
        };
        return made;
    }

    access_record next() {
        REQUIRE(eventually([this] {
            const std::lock_guard lock{mutex_};
            return all_.size() > taken_;
        }));
        const std::lock_guard lock{mutex_};
        return all_[taken_++];
    }

private:
    std::mutex mutex_;
    std::vector<access_record> all_;
    std::size_t taken_ = 0;
};

} // namespace

TEST_CASE("a line has what a log needs") {
    access_record one;
    one.peer = "127.0.0.1:50112";
    one.method = "GET";
    one.target = "/prices?a=\"b";
    one.status = 200;
    one.protocol = "HTTP/2";
    one.took = 12'031ms;
    CHECK(to_string(one) == R"(127.0.0.1:50112 "GET /prices?a=\"b HTTP/2" 200 12.031 s - - -)");
    one.tls = crier::tls_state{"TLSv1.3", "TLS_AES_256_GCM_SHA384", ""};
    CHECK(to_string(one).ends_with("200 12.031 s TLSv1.3 TLS_AES_256_GCM_SHA384 -"));
    one.tls->client = "CN=a\nb";
    CHECK(to_string(one).ends_with(R"(SHA384 "CN=a\nb")"));
    CHECK(to_string(access_record{}) == "- - - 0.000 s - - -");
}

TEST_CASE("responses, streams and what cannot be read are told when they have ended") {
    accesses log;
    running_server served{[&served](exchange& request) -> asio::awaitable<void> {
                              if (request.path() == "/text") {
                                  co_await request.respond(http::status::accepted, "text");
                              } else if (request.path() == "/stream") {
                                  co_await request.stream(served.events);
                              } else if (request.path() == "/left") {
                                  request.detach_stream(served.events, {});
                              } else if (request.path() == "/fails") {
                                  throw std::runtime_error{"a test"};
                              }
                          },
        log.options()};
    auto client = served.connect();
    const std::string peer = "127.0.0.1:" + std::to_string(client.socket.local_endpoint().port());
    client.get("/text?a=b");
    const access_record text = log.next();
    CHECK(text.peer == peer);
    CHECK(text.method == "GET");
    CHECK(text.target == "/text?a=b");
    CHECK(text.protocol == "HTTP/1.1");
    CHECK(text.status == 202);
    CHECK(text.took >= 0us);
    CHECK_FALSE(text.tls);
    client.get("/none");
    CHECK(log.next().status == 404);
    client.get("/stream");
    REQUIRE(eventually([&] { return served.events.stats().subscribers == 1; }));
    client.reset();
    CHECK(log.next().status == 200);
    auto left = served.connect();
    left.get("/left");
    const access_record detached = log.next();
    CHECK(detached.status == 200);
    CHECK(detached.peer.starts_with("127.0.0.1:"));
    auto other = served.connect();
    other.get("/stream", "Accept: text/html\r\n");
    CHECK(log.next().status == 406);
    auto failing = served.connect();
    failing.get("/fails");
    CHECK(log.next().status == 500);
    auto bad = served.connect();
    bad.send("GET\r\n\r\n");
    const access_record unreadable = log.next();
    CHECK(unreadable.status == 400);
    CHECK(unreadable.method.empty());
}

TEST_CASE("what the log throws is logged, and the client gets its response") {
    crier::test::lines lines;
    crier::server_options options;
    options.log = lines.logger();
    options.access_log = [](const access_record&) { throw std::runtime_error{"no space"}; };
    running_server served{[](exchange& request) -> asio::awaitable<void> {
                              co_await request.respond(http::status::no_content);
                          },
        options};
    auto client = served.connect();
    client.get("/");
    CHECK(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 204 "));
    CHECK(eventually([&] { return lines.contain("the access log failed: no space"); }));
}
