#pragma once

#include <crier/export.hpp>
#include <crier/wire/event.hpp>

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace crier {

/// Encodes an event as one block of an event stream, including the blank line.
///
/// Data is split at CRLF, CR and LF into `data:` lines. `id:` follows them: some clients store an
/// id at once, and would lose the event if the stream broke between the two.
///
/// Errors: `errc::invalid_type`, `invalid_id`, `invalid_retry`, `invalid_utf8`.
/// Source: WHATWG HTML 9.2.5.
CRIER_EXPORT boost::system::result<std::string> encode(const event_view& event);

/// What follows a comment's lines.
enum class comment_end {
    blank_line, ///< a blank line, as after an event
    line_feed,  ///< nothing: some clients read every blank line as an empty message
};

CRIER_EXPORT std::string_view to_string(comment_end end) noexcept;

/// Encodes a comment, which clients ignore: a colon before each line of the text.
///
/// Errors: `errc::invalid_utf8`.
/// Source: WHATWG HTML 9.2.5.
CRIER_EXPORT boost::system::result<std::string> encode_comment(
    std::string_view text, comment_end end = comment_end::blank_line);

} // namespace crier
