#include <crier/wire/errc.hpp>
#include <crier/wire/parser.hpp>

#include "text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <functional>
#include <utility>

namespace crier {
namespace {

using namespace std::string_view_literals;

constexpr auto byte_order_mark = "\xEF\xBB\xBF"sv;

/// What a buffer keeps for the next event, and where a line leaves its own buffer for the data's.
constexpr std::size_t small = std::size_t{8} * 1024;

void clear(std::string& buffer) {
    buffer.clear();
    if (buffer.capacity() > small) {
        buffer.shrink_to_fit();
    }
}

/// What a buffer takes at once, where that much may be needed.
constexpr std::size_t large = std::size_t{4} * 1024 * 1024;

/// Past the small size a buffer takes all that it may need at once: growing step by step would hold
/// the old and the new one, and memory that is not written to costs nothing. Past the large size it
/// doubles, as there may be no memory for all. A string's own way to grow may take twice what is
/// asked for.
void grow(std::string& buffer, std::size_t size, std::size_t most = 0) {
    if (size > buffer.capacity()) {
        std::string larger;
        const std::size_t step = size <= large ? large : 2 * size;
        larger.reserve(size <= small ? std::bit_ceil(size) : std::max(size, std::min(most, step)));
        larger.append(buffer);
        buffer.swap(larger);
    }
}

bool lies_in(const std::string& whole, std::string_view part) noexcept {
    return std::less_equal{}(whole.data(), part.data()) &&
           std::less{}(part.data(), whole.data() + whole.size());
}

struct field {
    std::string_view name;
    std::string_view value;
};

field split(std::string_view line) {
    constexpr std::size_t longest_name = "event"sv.size();
    const std::size_t colon = line.substr(0, longest_name + 1).find(':');
    if (colon == line.npos) {
        return {line, {}};
    }
    const bool space = line.substr(colon + 1).starts_with(' ');
    return {line.substr(0, colon), line.substr(colon + (space ? 2 : 1))};
}

} // namespace

boost::system::result<std::optional<event_view>> parser::next(std::string_view& input) {
    if (block_ended_) {
        begin_block();
    }
    while (!input.empty() && !error_) {
        take_from(input);
        if (block_ended_ && end_block()) {
            return std::optional{view()};
        }
    }
    if (error_) {
        return error_;
    }
    return std::optional<event_view>{};
}

void parser::restart() {
    error_ = {};
    begin_block();
    begin_line();
    forget_id();
    at_start_ = true;
    after_cr_ = false;
}

void parser::set_last_event_id(std::string id) {
    last_event_id_ = std::move(id);
    forget_id();
}

std::size_t parser::block_size() const noexcept {
    return data_.size() + type_.size() + id_.size() + last_event_id_.size();
}

/// Takes one line or a piece of one. The bounds of a long line's pieces do not hang on how the
/// input is split.
void parser::take_from(std::string_view& input) {
    if (std::exchange(after_cr_, false) && input.front() == '\n') {
        input.remove_prefix(1);
        return;
    }
    const std::string_view window = input.substr(0, small - line_.size());
    const std::size_t length = detail::line_length(window);
    const bool ends = length < window.size();
    const std::string_view piece = window.substr(0, length);
    if (!admits(length)) {
        return;
    }
    after_cr_ = ends && window[length] == '\r';
    input.remove_prefix(ends ? length + 1 : length);
    if (ends && line_.empty()) {
        take_line(piece);
        return;
    }
    keep(piece);
    if (ends) {
        take_line(line_);
    }
}

/// Whether the line may go on by so many bytes.
bool parser::admits(std::size_t piece) {
    if (line_size_ == 0) {
        size_before_line_ = block_size();
    }
    line_size_ += piece;
    if (size_before_line_ + line_size_ > options_.limit) {
        error_ = size_before_line_ == 0 ? errc::line_too_long : errc::event_too_large;
    }
    return !error_;
}

void parser::keep(std::string_view piece) {
    grow(line_, line_.size() + piece.size());
    line_.append(piece);
    if (line_.size() == small) {
        spill();
    }
}

/// Moves what is there of a long line behind the event's data, so that there is one large buffer
/// and what is data already lies where it belongs. An unfinished UTF-8 sequence of data stays.
void parser::spill() {
    std::string_view text = line_;
    if (spilled_ == spilled::nothing) {
        text = without_mark(text);
        data_before_line_ = data_.size();
        const auto [name, value] = split(text);
        const bool is_data = name == "data";
        spilled_ = is_data ? spilled::data : spilled::line;
        text = is_data ? value : text;
        grow(data_, std::max(data_.size() + text.size(), small + 1), options_.limit);
    }
    const std::size_t rest = spilled_ == spilled::data ? detail::unfinished_length(text) : 0;
    text.remove_suffix(rest);
    if (spilled_ == spilled::data) {
        append_repaired(data_, text);
    } else {
        append(data_, text);
    }
    line_.erase(0, line_.size() - rest);
}

std::string_view parser::without_mark(std::string_view line) noexcept {
    const bool marked = std::exchange(at_start_, false) && line.starts_with(byte_order_mark);
    return line.substr(marked ? byte_order_mark.size() : 0);
}

void parser::take_line(std::string_view line) {
    if (spilled_ == spilled::data) {
        append_repaired(data_, line);
        append(data_, "\n");
    } else if (spilled_ == spilled::line) {
        append(data_, line);
        take_text(std::string_view{data_}.substr(data_before_line_));
        data_.resize(data_before_line_);
    } else if (line = without_mark(line); line.empty()) {
        block_ended_ = true;
    } else {
        take_text(line);
    }
    begin_line();
}

void parser::take_text(std::string_view line) {
    if (line.starts_with(':')) {
        take_comment(line.substr(1));
    } else {
        const auto [name, value] = split(line);
        take_field(name, value);
    }
}

void parser::take_field(std::string_view name, std::string_view value) {
    if (name == "data") {
        append_repaired(data_, value);
        append(data_, "\n");
    } else if (name == "event") {
        clear(type_);
        append_repaired(type_, value);
    } else if (name == "id" && value.find('\0') == value.npos) {
        clear(id_);
        append_repaired(id_, value);
        has_id_ = true;
    } else if (name == "retry") {
        take_retry(value);
    }
}

void parser::take_comment(std::string_view text) {
    if (!options_.on_comment) {
        return;
    }
    if (detail::is_utf8(text)) {
        options_.on_comment(text);
        return;
    }
    const std::size_t before = data_.size();
    append_repaired(data_, text);
    if (!error_) {
        options_.on_comment(std::string_view{data_}.substr(before));
    }
    data_.resize(before);
}

void parser::take_retry(std::string_view digits) {
    if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) {
        return;
    }
    std::chrono::milliseconds::rep value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const auto most = std::chrono::milliseconds::max();
    retry_ = error == std::errc{} ? std::chrono::milliseconds{value} : most;
    block_retry_ = retry_;
}

/// Whether the limit leaves room for so many bytes more, and makes it.
bool parser::has_room(std::string& in, std::size_t more) {
    if (block_size() + more > options_.limit) {
        error_ = errc::event_too_large;
        return false;
    }
    grow(in, in.size() + more, &in == &data_ ? options_.limit : 0);
    return true;
}

void parser::append(std::string& to, std::string_view text) {
    if (has_room(to, text.size())) {
        to.append(text);
    }
}

void parser::append_repaired(std::string& to, std::string_view bytes) {
    if (detail::is_utf8(bytes)) {
        append(to, bytes);
        return;
    }
    std::size_t size = 0;
    detail::for_each_sequence(bytes, [&](std::string_view sequence) { size += sequence.size(); });
    // A long comment is repaired behind its line, which moves where the buffer grows.
    const bool moves = lies_in(to, bytes);
    const std::size_t at = moves ? static_cast<std::size_t>(bytes.data() - to.data()) : 0;
    if (has_room(to, size)) {
        bytes = moves ? std::string_view{to}.substr(at, bytes.size()) : bytes;
        detail::for_each_sequence(bytes, [&](std::string_view sequence) { to.append(sequence); });
    }
}

void parser::begin_line() {
    clear(line_);
    line_size_ = 0;
    spilled_ = spilled::nothing;
}

void parser::begin_block() {
    clear(data_);
    clear(type_);
    block_retry_.reset();
    block_ended_ = false;
}

void parser::forget_id() {
    clear(id_);
    has_id_ = false;
}

/// Whether there is an event to give; a block without data is over at once.
bool parser::end_block() {
    if (has_id_) {
        last_event_id_.swap(id_);
        forget_id();
    }
    if (data_.empty()) {
        begin_block();
        return false;
    }
    return true;
}

event_view parser::view() const noexcept {
    event_view event;
    event.type = type_.empty() ? "message"sv : std::string_view{type_};
    event.data = std::string_view{data_}.substr(0, data_.size() - 1);
    event.id = last_event_id_;
    event.retry = block_retry_;
    return event;
}

} // namespace crier
