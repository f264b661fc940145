#include "query.hpp"

#include "wire/percent.hpp"

#include <algorithm>
#include <utility>

namespace crier::detail {
namespace {

std::string decoded(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto byte = escape_at(text);
        result.push_back(byte.value_or(text[0] == '+' ? ' ' : text[0]));
        text.remove_prefix(byte ? escape_size : 1);
    }
    return result;
}

struct pair {
    std::string_view whole;
    std::string_view name;
    std::string_view value;
};

/// Calls `use` with each pair of the query.
template <class Use>
void for_each_pair(std::string_view query, Use use) {
    while (!query.empty()) {
        const std::string_view whole = query.substr(0, query.find('&'));
        const std::size_t equals = whole.find('=');
        use(pair{whole, whole.substr(0, equals),
            equals == whole.npos ? std::string_view{} : whole.substr(equals + 1)});
        query.remove_prefix(std::min(query.size(), whole.size() + 1));
    }
}

} // namespace

std::vector<std::string> query_values(std::string_view query, std::string_view name) {
    std::vector<std::string> values;
    for_each_pair(query, [&](const pair& each) {
        if (decoded(each.name) == name) {
            values.push_back(decoded(each.value));
        }
    });
    return values;
}

std::string query_without(std::string_view query, std::string_view name) {
    std::string result;
    char separator = '?';
    for_each_pair(query, [&](const pair& each) {
        if (decoded(each.name) != name) {
            result.push_back(std::exchange(separator, '&'));
            result.append(each.whole);
        }
    });
    return result;
}

} // namespace crier::detail
