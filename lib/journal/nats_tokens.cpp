#include "nats_tokens.hpp"

#include <algorithm>

namespace crier::detail {
namespace {

constexpr std::size_t longest_name = 64;
constexpr std::string_view digits = "0123456789ABCDEF";
constexpr std::string_view kept_part = ".e.";
constexpr std::string_view live_part = ".live.";

bool stays(char c) noexcept {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '-' ||
           c == '_';
}

/// The byte that begins a text as "=XX".
std::optional<char> escaped(std::string_view text) noexcept {
    constexpr std::size_t size = 3;
    const std::size_t high = text.size() < size ? digits.npos : digits.find(text[1]);
    const std::size_t low = text.size() < size ? digits.npos : digits.find(text[2]);
    if (high == digits.npos || low == digits.npos) {
        return std::nullopt;
    }
    const auto byte = static_cast<char>(high * digits.size() + low);
    return stays(byte) ? std::nullopt : std::optional{byte};
}

std::string subject_of(std::string_view name, std::string_view part, std::string_view topic) {
    std::string made{name};
    made += part;
    made += nats_token_of(topic);
    return made;
}

std::optional<std::string> topic_behind(
    std::string_view name, std::string_view part, std::string_view subject) {
    const std::size_t size = name.size() + part.size();
    return subject.size() > size ? nats_topic_of(subject.substr(size)) : std::nullopt;
}

} // namespace

std::string nats_token_of(std::string_view topic) {
    if (topic.empty()) {
        return "=";
    }
    std::string token;
    token.reserve(topic.size());
    for (const char c : topic) {
        if (stays(c)) {
            token += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        token += '=';
        token += digits[byte / digits.size()];
        token += digits[byte % digits.size()];
    }
    return token;
}

std::optional<std::string> nats_topic_of(std::string_view token) {
    constexpr std::size_t escaped_size = 3;
    if (token == "=") {
        return std::string{};
    }
    std::string topic;
    while (!token.empty()) {
        const bool is_plain = stays(token[0]);
        const std::optional<char> byte = is_plain        ? token[0]
                                       : token[0] == '=' ? escaped(token)
                                                         : std::nullopt;
        if (!byte) {
            return std::nullopt;
        }
        topic += *byte;
        token.remove_prefix(is_plain ? 1 : escaped_size);
    }
    return topic.empty() ? std::nullopt : std::optional{std::move(topic)};
}

bool is_nats_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, stays);
}

std::string nats_kept_subject(std::string_view name, std::string_view topic) {
    return subject_of(name, kept_part, topic);
}

std::string nats_live_subject(std::string_view name, std::string_view topic) {
    return subject_of(name, live_part, topic);
}

std::optional<std::string> nats_kept_topic(std::string_view name, std::string_view subject) {
    return topic_behind(name, kept_part, subject);
}

std::optional<std::string> nats_live_topic(std::string_view name, std::string_view subject) {
    return topic_behind(name, live_part, subject);
}

} // namespace crier::detail
