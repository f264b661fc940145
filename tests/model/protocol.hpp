#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace crier::model {

/// How a client is connected.
enum class protocol { http1, tls, http2, http2_tls };

constexpr std::array<std::string_view, 4> protocol_names{"http1", "tls", "http2", "http2-tls"};

constexpr std::string_view name_of(protocol which) {
    return protocol_names[static_cast<std::size_t>(which)];
}

constexpr bool is_encrypted(protocol which) {
    return which == protocol::tls || which == protocol::http2_tls;
}

constexpr bool is_http2(protocol which) {
    return which == protocol::http2 || which == protocol::http2_tls;
}

/// Those that the library was built with.
inline std::vector<protocol> all_protocols() {
    std::vector<protocol> all{protocol::http1};
    if (HAVE_TLS) {
        all.push_back(protocol::tls);
    }
    if (HAVE_HTTP2) {
        all.push_back(protocol::http2);
    }
    if (HAVE_TLS && HAVE_HTTP2) {
        all.push_back(protocol::http2_tls);
    }
    return all;
}

} // namespace crier::model
