#include "support/nats_node.hpp"
#include "support/nats_server.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

using namespace crier::test;
using crier::nats_journal_options;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t servers = 3;

/// Servers of NATS that keep each event all three.
class cluster {
public:
    cluster() {
        std::string routes;
        for (const std::uint16_t port : ports_) {
            routes +=
                (routes.empty() ? "" : ", ") + ("\"nats://127.0.0.1:" + std::to_string(port)) + '"';
        }
        for (std::size_t i = 0; i < servers; ++i) {
            all_[i] = std::make_unique<nats_server>(
                "server_name: s" + std::to_string(i) + "\ncluster: {name: c, listen: \"127.0.0.1:" +
                std::to_string(ports_[i]) + "\", routes: [" + routes + "]}");
        }
    }

    nats_server& operator[](std::size_t i) { return *all_[i]; }

    /// For a node that is near to one of them.
    nats_journal_options options(std::size_t nearest) const {
        std::string url = all_[nearest]->url();
        for (std::size_t i = 1; i < servers; ++i) {
            url += ',' + all_[(nearest + i) % servers]->url();
        }
        return {.url = url, .stream = "s", .replicas = servers, .events = 1'000'000};
    }

    /// It takes them a while to agree on who leads.
    std::unique_ptr<nats_node> begin_node(std::size_t nearest) const {
        const auto until = std::chrono::steady_clock::now() + 60s;
        while (true) {
            try {
                return std::make_unique<nats_node>(options(nearest));
            } catch (const std::exception&) {
                if (std::chrono::steady_clock::now() > until) {
                    throw;
                }
                std::this_thread::sleep_for(100ms);
            }
        }
    }

private:
    std::array<std::uint16_t, servers> ports_{free_port(), free_port(), free_port()};
    std::array<std::unique_ptr<nats_server>, servers> all_;
};

} // namespace

TEST_CASE("nodes lose nothing and double nothing while each server of a cluster crashes in turn") {
    cluster all;
    const auto one = all.begin_node(0);
    const auto other = all.begin_node(1);
    CHECK(one->epoch == other->epoch);
    const auto happens = [&] {
        for (std::size_t i = 0; i < servers; ++i) {
            std::this_thread::sleep_for(500ms);
            all[i].kill();
            std::this_thread::sleep_for(2s);
            all[i].start();
            std::this_thread::sleep_for(2s); // it is to catch up before the next one goes
        }
    };
    // On a busy machine, servers that were away take half a minute to agree.
    const auto appended = publish_by_both(*one, *other, happens, 90s);
    MESSAGE(appended.size() << " events");
}
