#pragma once

#include <crier/wire/errc.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <new>
#include <system_error>

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

/// What who waits without exceptions is told of one. Never success.
inline boost::system::error_code code_of(const std::exception_ptr& thrown) noexcept {
    boost::system::error_code code;
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        code = error.code();
    } catch (const std::system_error& error) {
        code = error.code();
    } catch (const std::bad_alloc&) {
        code = boost::asio::error::no_memory;
    } catch (...) { // NOLINT(bugprone-empty-catch): it has no code of its own
    }
    return code ? code : make_error_code(errc::callback_failed);
}

} // namespace crier::detail
