#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bench::bare {

struct request {
    enum class state : std::uint8_t { incomplete, stream, not_found, bad };

    state is = state::incomplete;
    unsigned topic = 0;
};

constexpr std::size_t longest_request = std::size_t{8} * 1024;

/// Understands `GET /t/N` with any header fields.
request read_request(std::string_view text, unsigned topics);

/// The answer to one that is complete.
std::string_view response_head(request::state to);

} // namespace bench::bare
