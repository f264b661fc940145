#pragma once

#include "journal_error.hpp"

#include <boost/system/errc.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>

#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace crier::detail {

// How a journal says to its user what went wrong inside.

/// A journal cannot be used. `system_error` as such would tell its code in words after the message.
class unusable_journal final : public boost::system::system_error {
public:
    unusable_journal(const std::string& name, const journal_error& why)
        : system_error{why.code()},
          message_{"cannot use " + name + " as a journal: " + why.what()} {}

    const char* what() const noexcept override { return message_.what(); }

private:
    std::runtime_error message_; // its copies share the text
};

/// The error that is being handled.
inline boost::system::error_code error_of_call() {
    try {
        throw;
    } catch (const journal_error& error) {
        return error.code();
    } catch (const std::bad_alloc&) {
        return make_error_code(boost::system::errc::not_enough_memory);
    }
}

template <class Result, class Call>
boost::system::result<Result> result_of(Call call) {
    try {
        return call();
    } catch (...) {
        return error_of_call();
    }
}

/// Of a call that gives an error itself, or nothing.
template <class Call>
boost::system::error_code error_of(Call call) {
    try {
        if constexpr (std::is_void_v<decltype(call())>) {
            call();
            return {};
        } else {
            return call();
        }
    } catch (...) {
        return error_of_call();
    }
}

} // namespace crier::detail
