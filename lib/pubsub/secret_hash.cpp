#include <crier/pubsub/secret_hash.hpp>

#include "sip_hash.hpp"

#include <chrono>
#include <cstdint>
#include <random>

namespace crier {
namespace {

/// Of what differs from one process to the next, though somebody might guess it.
detail::sip_key key_without_random_numbers() noexcept {
    static constexpr char somewhere = 0;
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
    const char here = 0;
    return {reinterpret_cast<std::uintptr_t>(&here) ^ static_cast<std::uint64_t>(now),
        reinterpret_cast<std::uintptr_t>(&somewhere) ^ static_cast<std::uint64_t>(ticks)};
}

detail::sip_key random_key() noexcept {
    try {
        std::random_device source;
        const auto word = [&source] { return std::uint64_t{source()} << 32U | source(); };
        return {word(), word()};
    } catch (...) {
        return key_without_random_numbers();
    }
}

const detail::sip_key& secret() noexcept {
    static const detail::sip_key made = random_key();
    return made;
}

} // namespace

std::size_t secret_hash::operator()(std::string_view text) const noexcept {
    return static_cast<std::size_t>(detail::sip_hash{secret()}(text));
}

} // namespace crier
