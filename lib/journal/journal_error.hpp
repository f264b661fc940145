#pragma once

#include <boost/system/error_code.hpp>

#include <stdexcept>
#include <string>

namespace crier::detail {

/// What is wrong with a journal's file, in words, and what that means to who uses the journal.
class journal_error final : public std::runtime_error {
public:
    journal_error(boost::system::error_code code, const std::string& words)
        : std::runtime_error{words}, code_{code} {}

    boost::system::error_code code() const noexcept { return code_; }

private:
    boost::system::error_code code_;
};

} // namespace crier::detail
