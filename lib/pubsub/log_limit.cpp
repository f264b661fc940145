#include "log_limit.hpp"

#include "log_line.hpp"
#include "unthrowing.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace crier::detail {
namespace {

/// Without numbers, and without what stands in quotes.
std::uint64_t hash_of_kind(std::string_view line) noexcept {
    constexpr std::uint64_t offset = 0xCBF29CE484222325U; // FNV-1a
    constexpr std::uint64_t prime = 0x100000001B3U;
    std::uint64_t hash = offset;
    bool is_quoted = false;
    char before = '\0';
    for (const char c : line) {
        is_quoted = is_quoted != (c == '"' && before != '\\');
        if (!is_quoted && (c < '0' || c > '9')) {
            hash = (hash ^ static_cast<unsigned char>(c)) * prime;
        }
        before = before == '\\' ? '\0' : c;
    }
    return hash;
}

} // namespace

log_limit::log_limit(logger to) : to_{unthrowing(std::move(to))} {}

log_limit::~log_limit() {
    std::ranges::for_each(kinds_, [this](const kind& each) { tell_left_out(each); });
}

void log_limit::tell(severity level, std::string_view line) noexcept {
    constexpr std::chrono::seconds period{1};
    const clock::time_point now = clock::now();
    std::optional<kind> before;
    {
        const std::lock_guard lock{mutex_};
        const std::uint64_t hash = hash_of_kind(line);
        kind& found = kind_of(hash);
        if (found.hash != hash || now - found.since >= period) {
            before = std::exchange(found, {.hash = hash, .since = now, .level = level});
        }
        if (found.told == lines_per_second) {
            if (found.left_out++ == 0) {
                found.size = line.copy(found.beginning.data(), found.beginning.size());
            }
            return;
        }
        ++found.told;
    }
    if (before) {
        tell_left_out(*before);
    }
    to_(level, line);
}

/// Or that of another kind, of which nothing was told for the longest time.
log_limit::kind& log_limit::kind_of(std::uint64_t hash) noexcept {
    const auto found = std::ranges::find(kinds_, hash, &kind::hash);
    return found != kinds_.end() ? *found : *std::ranges::min_element(kinds_, {}, &kind::since);
}

void log_limit::tell_left_out(const kind& of) const noexcept {
    if (of.left_out > 0) {
        log_line line;
        line << of.left_out << " more lines like this were left out: "
             << std::string_view{of.beginning.data(), of.size} << "...";
        to_(of.level, line.text());
    }
}

logger limited(logger to) {
    return [limit = std::make_shared<log_limit>(std::move(to))](
               severity level, std::string_view line) noexcept { limit->tell(level, line); };
}

} // namespace crier::detail
