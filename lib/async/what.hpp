#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace crier::detail {

/// Calls `use` with what an exception of any type says. Takes no memory.
template <class Use>
auto with_what(const std::exception_ptr& thrown, Use use) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        return use(std::string_view{error.what()});
    } catch (...) {
        return use(std::string_view{"unknown error"});
    }
}

inline std::string what(const std::exception_ptr& thrown) {
    return with_what(thrown, [](std::string_view said) { return std::string{said}; });
}

} // namespace crier::detail
