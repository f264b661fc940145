#pragma once

#include <crier/wire/frame.hpp>

#include "memory_account.hpp"

#include <string_view>

namespace crier::detail {

/// What a manager does to a frame before it shares it.
struct frame_access {
    /// As `make_frame`, with a key that is kept beside the bytes, and counted in the account until
    /// the last copy has gone.
    static boost::system::result<frame> make(
        const event_view& event, std::string_view key, const memory_account_ptr& account);

    /// A frame of a block that was encoded before.
    static frame of_block(
        std::string_view block, std::string_view key, const memory_account_ptr& account);

    /// The same of one without an id, to which that is added.
    static frame of_block_with_id(std::string_view block, std::string_view id, std::string_view key,
        const memory_account_ptr& account);

    /// Replaces the id by another one of the same length.
    static void set_id(frame& of, std::string_view id) noexcept;

    /// What newer events supersede this one by; see `supersede_key`.
    static std::string_view key(const frame& of) noexcept;
};

/// The id in a frame; empty without one.
std::string_view id_in(const frame& encoded) noexcept;

} // namespace crier::detail
