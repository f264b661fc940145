#include "query.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace crier::detail {
namespace {

std::string decoded(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        unsigned char byte = 0;
        const char* const digits = text.data() + 1;
        if (text.size() >= 3 && text[0] == '%' &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            result.push_back(static_cast<char>(byte));
            text.remove_prefix(3);
        } else {
            result.push_back(text[0] == '+' ? ' ' : text[0]);
            text.remove_prefix(1);
        }
    }
    return result;
}

struct pair {
    std::string_view whole;
    std::string_view name;
    std::string_view value;
};

/// Calls `use` with each pair of the target's query.
template <class Use>
void for_each_pair(std::string_view target, Use use) {
    const std::size_t mark = target.find('?');
    std::string_view rest = mark == target.npos ? std::string_view{} : target.substr(mark + 1);
    while (!rest.empty()) {
        const std::string_view whole = rest.substr(0, rest.find('&'));
        const std::size_t equals = whole.find('=');
        use(pair{whole, whole.substr(0, equals),
            equals == whole.npos ? std::string_view{} : whole.substr(equals + 1)});
        rest.remove_prefix(std::min(rest.size(), whole.size() + 1));
    }
}

} // namespace

std::vector<std::string> query_values(std::string_view target, std::string_view name) {
    std::vector<std::string> values;
    for_each_pair(target, [&](const pair& each) {
        if (decoded(each.name) == name) {
            values.push_back(decoded(each.value));
        }
    });
    return values;
}

std::string without_query_value(std::string_view target, std::string_view name) {
    std::string result{target.substr(0, target.find('?'))};
    char separator = '?';
    for_each_pair(target, [&](const pair& each) {
        if (decoded(each.name) != name) {
            result.push_back(std::exchange(separator, '&'));
            result.append(each.whole);
        }
    });
    return result;
}

} // namespace crier::detail
