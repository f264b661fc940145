#pragma once

#include "wire/field_text.hpp"

#include <string_view>

namespace crier::detail {

/// Whether a host's name is the domain or one below it. Source: RFC 6265, section 5.1.3.
inline bool is_in_domain(std::string_view host, std::string_view domain) noexcept {
    if (host.size() <= domain.size()) {
        return same(host, domain);
    }
    const std::size_t at = host.size() - domain.size();
    return host[at - 1] == '.' && same(host.substr(at), domain);
}

} // namespace crier::detail
