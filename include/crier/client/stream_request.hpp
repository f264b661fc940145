#pragma once

#include <string>
#include <vector>

namespace crier {

struct header_field {
    std::string name;
    std::string value;
};

/// What one attempt asks for. Its method is that of the options.
struct stream_request {
    std::string url{}; ///< absolute, `http` or `https`
    std::vector<header_field> headers{};
    std::string body{};
};

} // namespace crier
