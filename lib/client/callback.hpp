#pragma once

#include <exception>

namespace crier::detail {

/// What the caller's own code has thrown, which is no matter of the connection.
struct callback_failure {
    std::exception_ptr thrown;
};

/// Errors: throws `callback_failure`.
template <class Callback, class... Arguments>
auto call(const Callback& callback, const Arguments&... arguments) {
    try {
        return callback(arguments...);
    } catch (...) {
        throw callback_failure{std::current_exception()};
    }
}

} // namespace crier::detail
