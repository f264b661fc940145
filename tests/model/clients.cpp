#include "clients.hpp"

#include "http1_client.hpp"

#if HAVE_HTTP2
#include "http2_client.hpp"
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace crier::model {
namespace {

reader make_reader(std::uint32_t number, dice& random) {
    std::vector<std::size_t> topics;
    for (std::size_t topic = 0; topic < topic_count; ++topic) {
        if (random(3) == 0) {
            topics.push_back(topic);
        }
    }
    if (topics.empty()) {
        topics.push_back(number % topic_count);
    }
    constexpr std::array<const char*, 7> policies{"drop_newest", "drop_oldest", "conflate",
        "conflate_always", "signal", "disconnect", "usual"};
    const std::string policy{policies[number % policies.size()]};
    return {std::move(topics), policy, policy.starts_with("conflate")};
}

/// It speaks one version of HTTP all the time.
std::unique_ptr<client> make_client(
    town& in, std::uint32_t seed, std::vector<protocol> ways, std::vector<reader> readers) {
#if HAVE_HTTP2
    if (is_http2(ways.front())) {
        return std::make_unique<http2_client>(in, seed, std::move(ways), std::move(readers));
    }
#endif
    return std::make_unique<http1_client>(in, seed, std::move(ways), std::move(readers));
}

} // namespace

all_clients make_clients(town& in, const settings& with) {
    all_clients clients;
    dice random{with.seed};
    std::uint32_t dealt = 0;
    while (dealt < with.readers) {
        std::vector<protocol> ways = with.protocols;
        const protocol first = ways[random(static_cast<std::uint32_t>(ways.size()))];
        std::erase_if(ways, [first](protocol each) { return is_http2(each) != is_http2(first); });
        const std::uint32_t most =
            std::min(with.readers - dealt, is_http2(first) ? 1 + random(3) : 1);
        std::vector<reader> readers;
        while (readers.size() < most) {
            readers.push_back(make_reader(dealt++, random));
        }
        clients.push_back(make_client(in, with.seed + dealt, std::move(ways), std::move(readers)));
    }
    return clients;
}

} // namespace crier::model
