#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace crier {

/// The head of a request, as views of the text that it was read from.
struct request_head {
    std::string_view method{};
    std::string_view target{};
    unsigned version = 11; ///< 10 or 11
    std::vector<std::pair<std::string_view, std::string_view>> fields{};
};

/// A request of Beast, with any body and any allocator.
template <class T>
concept beast_request = requires(const T& request) {
    request.method_string();
    request.target();
    request.version();
    request.begin()->name_string();
};

/// The head of a request that Beast has parsed. It holds views of the request, which must outlive
/// it.
template <beast_request Request>
request_head head_of(const Request& request) {
    request_head head;
    head.method = request.method_string();
    head.target = request.target();
    head.version = request.version();
    for (const auto& field : request) {
        head.fields.emplace_back(field.name_string(), field.value());
    }
    return head;
}

} // namespace crier
