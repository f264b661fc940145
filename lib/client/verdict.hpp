#pragma once

#include <crier/client/state_change.hpp>

#include <boost/system/error_code.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

/// What a response means for the stream.
struct verdict {
    enum class meaning { stream, redirect, retry, end };

    meaning is = meaning::end;
    boost::system::error_code error{};
    std::string message{};
};

/// By the letter of the standard each error is the end; else those that pass are not.
/// Source: WHATWG HTML 9.2.3.
verdict judge(const response_info& head, bool standard_errors);

/// The wait that a `Retry-After` asks for, in seconds or as a date; none where it is neither.
/// Source: RFC 9110, section 10.2.3.
std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view text, std::chrono::system_clock::time_point now);

/// The longest wait that a response asks for.
std::optional<std::chrono::milliseconds> retry_after_of(
    const response_info& head, std::chrono::system_clock::time_point now);

} // namespace crier::detail
