#include "http2_head.hpp"

#include "wire/field_text.hpp"

#include <algorithm>
#include <iterator>

namespace crier::detail {
namespace {

bool is_of_connection(std::string_view name) noexcept {
    constexpr std::string_view all[]{
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};
    return std::ranges::find(all, name) != std::end(all);
}

} // namespace

std::optional<http2_head> read_response_head(std::string_view text) {
    constexpr std::size_t status_at = sizeof "HTTP/1.1";
    constexpr std::size_t status_size = 3;
    const std::size_t end = text.find("\r\n\r\n");
    if (!text.starts_with("HTTP/") || end == text.npos || end < status_at + status_size) {
        return std::nullopt;
    }
    std::optional<http2_head> read{std::in_place};
    read->size = end + 4;
    read->status = text.substr(status_at, status_size);
    read->names.reserve(end); // so that views of it stay
    std::string_view lines = text.substr(0, end + 2);
    take_until(lines, "\r\n");
    while (!lines.empty()) {
        std::string_view value = take_until(lines, "\r\n");
        const std::string_view name = take_until(value, ":");
        const std::size_t at = read->names.size();
        std::ranges::transform(name, std::back_inserter(read->names), lower);
        const std::string_view lowered = std::string_view{read->names}.substr(at);
        if (!is_of_connection(lowered)) {
            read->fields.emplace_back(lowered, trimmed(value));
        }
    }
    return read;
}

} // namespace crier::detail
