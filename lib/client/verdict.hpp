#pragma once

#include <boost/system/error_code.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace crier::detail {

/// What is of use of a response's header.
struct response_head {
    unsigned status = 0;
    std::string reason;
    std::string content_type;
    std::string content_encoding;
    std::string location;
    std::string retry_after;
};

/// What a response means for the stream.
struct verdict {
    enum class meaning { stream, redirect, retry, end };

    meaning is = meaning::end;
    boost::system::error_code error{};
    std::string message{};
};

/// Source: WHATWG HTML 9.2.3.
verdict judge(const response_head& head, bool retry_server_errors);

/// The wait that a `Retry-After` asks for, in seconds or as a date; none where it is neither.
/// Source: RFC 9110, section 10.2.3.
std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view text, std::chrono::system_clock::time_point now);

} // namespace crier::detail
