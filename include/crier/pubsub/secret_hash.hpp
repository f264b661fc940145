#pragma once

#include <crier/export.hpp>

#include <boost/uuid/uuid.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace crier {

/// A hash for keys that come from outside: of texts, numbers, enumerations, pointers and UUIDs. It
/// has a secret that is new in each process, so that nobody can choose keys whose hashes are equal,
/// which would make a hash table as slow as a list.
///
///     std::unordered_map<std::string, int, crier::secret_hash> by_name;
///
/// The hashes of one process are the same everywhere in it, and mean nothing to another one. Where
/// the system has no random numbers to give, the secret is made of addresses and of the time.
///
/// Thread safety: any thread. Source: SipHash-1-3, by Aumasson and Bernstein.
struct CRIER_EXPORT secret_hash {
    std::size_t operator()(std::string_view text) const noexcept;

    template <class T>
        requires(std::integral<T> || std::is_enum_v<T> || std::is_pointer_v<T>) &&
                (!std::convertible_to<T, std::string_view>)
    std::size_t operator()(T value) const noexcept {
        return (*this)(std::string_view{reinterpret_cast<const char*>(&value), sizeof value});
    }

    std::size_t operator()(const boost::uuids::uuid& id) const noexcept {
        return (*this)(std::string_view{reinterpret_cast<const char*>(&*id.begin()), id.size()});
    }
};

} // namespace crier
