#include <crier/pubsub/hub.hpp>
#include <crier/pubsub/manager.hpp>
#include <crier/pubsub/secret_hash.hpp>

#include "pubsub/sip_hash.hpp"
#include "support/context.hpp"

#include <boost/uuid/uuid.hpp>

#include <cstdint>
#include <cstring>
#include <ctime>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using crier::secret_hash;
using crier::detail::sip_hash;
using crier::detail::sip_key;
using crier::test::context;

namespace {

/// The bytes 0, 1, 2 and so on.
std::string counted(std::size_t size) {
    std::string text;
    while (text.size() < size) {
        text += static_cast<char>(text.size());
    }
    return text;
}

struct vector {
    std::size_t size;
    std::uint64_t hash;
};

constexpr std::uint64_t multiplier = 0xc6a4a7935bd1e995;

constexpr std::uint64_t inverse(std::uint64_t odd) {
    std::uint64_t result = odd;
    for (int i = 0; i < 6; ++i) {
        result *= 2 - odd * result;
    }
    return result;
}

constexpr std::uint64_t shifted(std::uint64_t word) { return word ^ word >> 47; }

/// Names of sixteen bytes for which libstdc++ computes one `std::hash`: what the first eight bytes
/// have made of it, the others undo.
std::vector<std::string> equal_by_std_hash(std::size_t count) {
    constexpr std::uint64_t back = inverse(multiplier);
    constexpr std::uint64_t seed = 0xc70f6907 ^ 16 * multiplier;
    std::vector<std::string> names;
    for (std::uint64_t first = 0; first < count; ++first) {
        const std::uint64_t state = (seed ^ shifted(first * multiplier) * multiplier) * multiplier;
        const std::uint64_t second = shifted(state * back) * back;
        std::string& name = names.emplace_back(16, '\0');
        std::memcpy(name.data(), &first, sizeof first);
        std::memcpy(name.data() + sizeof first, &second, sizeof second);
    }
    return names;
}

std::vector<std::string> plain(std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) {
        names.push_back("sensors/position/" + std::to_string(i));
    }
    return names;
}

constexpr std::size_t many = 10'000;

crier::manager_options keeping() {
    crier::manager_options options;
    options.keys_limit = many;
    options.rules.push_back({.matches = crier::exactly("all"),
        .history = {.events = many, .bytes = many * 64},
        .retain = crier::retention::newest_per_key});
    return options;
}

/// The processor time that it takes, in seconds, to use the names for all that clients may name.
double time_of(const std::vector<std::string>& names) {
    context test;
    crier::manager manager{test.io.get_executor(), keeping()};
    crier::hub<std::string> hub{test.io.get_executor()};
    std::vector<crier::subscription> topics;
    std::vector<crier::hub<std::string>::subscription> ids;
    const std::clock_t begin = std::clock();
    for (const std::string& name : names) {
        topics.push_back(manager.subscribe(name));
        ids.push_back(hub.subscribe(name));
        manager.publish(name, "x").value();
        hub.publish(name);
        manager.publish("all", "x", {.key = name}).value();
    }
    topics.clear();
    ids.clear();
    const std::clock_t end = std::clock();
    test.run();
    return static_cast<double>(end - begin) / CLOCKS_PER_SEC;
}

} // namespace

TEST_CASE("SipHash-1-3 gives what other implementations give") {
    constexpr vector by_zero[] = {{1, 0x68a914128e01e473}, {2, 0x10bac45c41e3669},
        {7, 0x2f098ab0c751325a}, {8, 0xead411e67ebe2eea}, {9, 0x75927f9d95124362},
        {15, 0xf30eb725bb91c9ea}, {16, 0x8972188433a5c5b7}, {17, 0x4883c49a2c009c1d},
        {63, 0x385d3e39e5f37359}};
    constexpr vector by_other[] = {{1, 0xce880c366bcf3489}, {2, 0xef32fbc0469f0756},
        {7, 0xce280fabc397fbda}, {8, 0x60866c3c108c6afb}, {9, 0x68814005f7469e03},
        {15, 0x94ace24d68c18cf8}, {16, 0x339176f3ac59ce05}, {17, 0xed2706b414c296f1},
        {63, 0x6e24d6f0d014c37}};
    for (const auto& [size, hash] : by_zero) {
        CAPTURE(size);
        CHECK(sip_hash{sip_key{}}(counted(size)) == hash);
    }
    for (const auto& [size, hash] : by_other) {
        CAPTURE(size);
        CHECK(sip_hash{sip_key{0xdc504fd368cd90af, 0xb920bb9ffe99e9c1}}(counted(size)) == hash);
    }
    CHECK(sip_hash{sip_key{0x0706050403020100, 0x0f0e0d0c0b0a0908}}("") == 0xabac0158050fc4dc);
}

TEST_CASE("equal keys have equal hashes, and others have others") {
    CHECK(secret_hash{}("a") == secret_hash{}(std::string{"a"}));
    CHECK(secret_hash{}(7) == secret_hash{}(7));
    CHECK(secret_hash{}(7) != secret_hash{}(8));
    const boost::uuids::uuid zero{};
    boost::uuids::uuid one{};
    *one.begin() = 1;
    CHECK(secret_hash{}(zero) == secret_hash{}(boost::uuids::uuid{}));
    CHECK(secret_hash{}(zero) != secret_hash{}(one));
    std::set<std::size_t> hashes;
    for (const std::string& name : plain(many)) {
        hashes.insert(secret_hash{}(name));
    }
    CHECK(hashes.size() == many);
}

#ifdef __GLIBCXX__
TEST_CASE("names that have one std::hash take no longer than others") {
    const std::vector<std::string> equal = equal_by_std_hash(many);
    for (const std::string& name : equal) {
        REQUIRE(std::hash<std::string>{}(name) == std::hash<std::string>{}(equal[0]));
    }
    std::set<std::size_t> hashes;
    for (const std::string& name : equal) {
        hashes.insert(secret_hash{}(name));
    }
    CHECK(hashes.size() == many);
    const double usual = time_of(plain(many));
    CAPTURE(usual);
    CHECK(time_of(equal) < 5 * usual + 0.1);
}
#endif

TEST_CASE("events of one id take no longer than events of many") {
    const auto keep = [](auto id_of) {
        context test;
        crier::manager_options options;
        options.rules.push_back({.matches = crier::exactly("all"),
            .history = {.events = many / 2, .bytes = many * 64}});
        crier::manager manager{test.io.get_executor(), options};
        const std::clock_t begin = std::clock();
        for (std::size_t i = 0; i < many; ++i) {
            manager.publish("all", crier::event{.data = "x", .id = id_of(i)}).value();
        }
        return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    };
    const double usual = keep([](std::size_t i) { return "id-" + std::to_string(i); });
    CAPTURE(usual);
    CHECK(keep([](std::size_t) { return std::string{"id-0"}; }) < 5 * usual + 0.1);
}
