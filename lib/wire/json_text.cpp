#include "json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>

namespace crier::detail {
namespace {

namespace json = boost::json;

bool is_finite(const json::value& value) noexcept {
    if (const double* const number = value.if_double()) {
        return std::isfinite(*number);
    }
    if (const json::array* const array = value.if_array()) {
        return std::ranges::all_of(*array, is_finite);
    }
    if (const json::object* const object = value.if_object()) {
        return std::ranges::all_of(
            *object, [](const json::key_value_pair& each) { return is_finite(each.value()); });
    }
    return true;
}

void make_finite(json::value& value) {
    if (const double* const number = value.if_double();
        number != nullptr && !std::isfinite(*number)) {
        value = nullptr;
    } else if (json::array* const array = value.if_array()) {
        std::ranges::for_each(*array, make_finite);
    } else if (json::object* const object = value.if_object()) {
        for (json::key_value_pair& each : *object) {
            make_finite(each.value());
        }
    }
}

} // namespace

std::string json_text(const json::value& value) {
    if (is_finite(value)) {
        return json::serialize(value);
    }
    json::value finite = value;
    make_finite(finite);
    return json::serialize(finite);
}

} // namespace crier::detail
