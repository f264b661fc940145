#pragma once

#include <crier/export.hpp>
#include <crier/wire/event.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace crier {

struct parser_options {
    /// How many bytes a line may take, and an event with its type and id. The parser holds at most
    /// that much, plus 32 KB; for an event over 4 MB up to three times the event's size while it
    /// grows. A type or id over 8 KB counts twice until its line has been read.
    std::size_t limit = std::size_t{1024} * 1024;
    /// Called with the text of each comment, everything after its colon, when its line has ended.
    std::function<void(std::string_view)> on_comment{};
};

/// Reads events from the bytes of an event stream, however the bytes are split.
///
///     crier::parser parser;
///     std::string_view bytes = "data: 1\n\ndata: 2\n\n";
///     while (const auto event = parser.next(bytes).value()) {
///         sum += std::stoi(std::string{event->data});
///     }
///
/// An event without a type has the type "message". Its id is the last event id of the stream. Its
/// `retry` is that of its own block.
///
/// Thread safety: one thread at a time.
/// Source: WHATWG HTML 9.2.5 and 9.2.6; invalid UTF-8 becomes U+FFFD as in WHATWG Encoding 8.1.1.
class CRIER_EXPORT parser {
public:
    explicit parser(parser_options options = {}) : options_{std::move(options)} {}

    /// Returns the next event, and removes its bytes from the front of the input. If the input ends
    /// within an event, removes all bytes and returns an empty optional. The views of an event are
    /// valid until the next call.
    ///
    /// Errors: `errc::line_too_long`, `errc::event_too_large`; both remain until `restart`.
    boost::system::result<std::optional<event_view>> next(std::string_view& input);

    /// Drops an unfinished event; the next byte is the first of another stream. The last event id
    /// and the reconnection time stay.
    void restart();

    /// What a reconnect sends as `Last-Event-ID`: the last event id after the last finished block.
    const std::string& last_event_id() const noexcept { return last_event_id_; }
    void set_last_event_id(std::string id);

    /// The last reconnection time that the stream has set, from its line on. Values out of range
    /// become the greatest one.
    std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

private:
    /// Where the start of a long line is.
    enum class spilled { nothing, line, data };

    void take_from(std::string_view& input);
    bool admits(std::size_t piece);
    void keep(std::string_view piece);
    void spill();
    std::string_view without_mark(std::string_view line) noexcept;
    void take_line(std::string_view line);
    void take_text(std::string_view line);
    void take_field(std::string_view name, std::string_view value);
    void take_comment(std::string_view text);
    void take_retry(std::string_view digits);
    bool has_room(std::string& in, std::size_t more);
    void append(std::string& to, std::string_view text);
    void append_repaired(std::string& to, std::string_view bytes);
    void begin_line();
    void begin_block();
    bool end_block();
    void forget_id();
    event_view view() const noexcept;
    std::size_t block_size() const noexcept;

    parser_options options_;
    boost::system::error_code error_;
    std::string line_; ///< the start of a line whose end is still to come
    std::string data_; ///< each line with a line feed after it, then the start of a long line
    std::string type_;
    std::string id_; ///< that of the block, where it has one
    std::string last_event_id_;
    std::optional<std::chrono::milliseconds> retry_;
    std::optional<std::chrono::milliseconds> block_retry_;
    std::size_t size_before_line_ = 0;
    std::size_t data_before_line_ = 0;
    std::size_t line_size_ = 0;
    spilled spilled_ = spilled::nothing;
    bool at_start_ = true;
    bool after_cr_ = false;
    bool has_id_ = false;
    bool block_ended_ = false;
};

} // namespace crier
