#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <string>
#include <utility>

namespace crier::detail {

/// An error that says what only the place where it happens knows, in words for a user.
struct failure : boost::system::system_error {
    failure(boost::system::error_code code, std::string in_words)
        : system_error{code, in_words}, words{std::move(in_words)} {}

    std::string words;
};

} // namespace crier::detail
