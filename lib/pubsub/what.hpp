#pragma once

#include <exception>
#include <string>

namespace crier::detail {

/// What an exception of any type says.
inline std::string what(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "unknown error";
    }
}

} // namespace crier::detail
