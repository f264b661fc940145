#include <crier/wire/errc.hpp>
#include <crier/wire/parser.hpp>

#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace crier {
namespace {

using namespace std::string_view_literals;

constexpr auto byte_order_mark = "\xEF\xBB\xBF"sv;
constexpr auto replacement = "\xEF\xBF\xBD"sv;

/// What a buffer keeps for the next event, and where a line of data leaves the line's buffer.
constexpr std::size_t small = std::size_t{16} * 1024;

void clear(std::string& buffer) {
    buffer.clear();
    if (buffer.capacity() > small) {
        buffer.shrink_to_fit();
    }
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
        if (std::exchange(after_cr_, false) && input.front() == '\n') {
            input.remove_prefix(1);
            continue;
        }
        const std::size_t length = detail::line_length(input);
        const bool ends = length < input.size();
        const std::string_view piece = input.substr(0, length);
        if (!admits(length)) {
            break;
        }
        after_cr_ = ends && input[length] == '\r';
        input.remove_prefix(ends ? length + 1 : length);
        const bool is_whole = ends && line_.empty() && !spilled_;
        if (!is_whole) {
            keep(piece);
        }
        if (ends) {
            take_line(is_whole ? piece : std::string_view{line_});
        }
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
    clear(line_);
    id_ = last_event_id_;
    begin_block();
    line_size_ = 0;
    at_start_ = true;
    after_cr_ = false;
    spilled_ = false;
}

void parser::set_last_event_id(std::string id) {
    last_event_id_ = std::move(id);
    id_ = last_event_id_;
}

std::size_t parser::block_size() const noexcept {
    return data_.size() + type_.size() + id_.size() + last_event_id_.size();
}

/// Whether the line may go on by so many bytes. What it may not hang on is how the input is split.
bool parser::admits(std::size_t piece) {
    if (line_size_ == 0) {
        size_before_line_ = block_size();
    }
    line_size_ += piece;
    if (line_size_ > options_.limit) {
        error_ = errc::line_too_long;
    } else if (size_before_line_ + line_size_ > options_.limit) {
        error_ = errc::event_too_large;
    }
    return !error_;
}

void parser::keep(std::string_view piece) {
    while (!piece.empty()) {
        const std::size_t before_spill = small - std::min(small, line_.size());
        const auto slice = piece.substr(0, before_spill != 0 ? before_spill : piece.size());
        piece.remove_prefix(slice.size());
        if (before_spill == 0 && line_.size() + slice.size() > line_.capacity()) {
            line_.reserve(options_.limit - size_before_line_);
        }
        line_.append(slice);
        if (line_.size() >= small) {
            spill();
        }
    }
}

/// Moves what is there of a long line of data to its event, so that it is not held twice; an
/// unfinished UTF-8 sequence stays.
void parser::spill() {
    std::string_view text = line_;
    if (!spilled_) {
        text = without_mark(text);
        const auto [name, value] = split(text);
        if (name != "data") {
            line_.erase(0, line_.size() - text.size());
            return;
        }
        text = value;
        spilled_ = true;
    }
    const std::size_t rest = detail::unfinished_length(text);
    append_repaired(data_, text.substr(0, text.size() - rest));
    line_.erase(0, line_.size() - rest);
}

std::string_view parser::without_mark(std::string_view line) noexcept {
    const bool marked = std::exchange(at_start_, false) && line.starts_with(byte_order_mark);
    return line.substr(marked ? byte_order_mark.size() : 0);
}

void parser::take_line(std::string_view line) {
    if (spilled_) {
        append_repaired(data_, line);
        append(data_, "\n");
    } else if (line = without_mark(line); line.empty()) {
        block_ended_ = true;
    } else if (line.front() == ':') {
        take_comment(line.substr(1));
    } else {
        const auto [name, value] = split(line);
        take_field(name, value);
    }
    clear(line_);
    line_size_ = 0;
    spilled_ = false;
}

void parser::take_field(std::string_view name, std::string_view value) {
    if (name == "data") {
        append_repaired(data_, value);
        append(data_, "\n");
    } else if (name == "event") {
        take_copy(type_, value);
    } else if (name == "id" && value.find('\0') == value.npos) {
        take_copy(id_, value);
    } else if (name == "retry") {
        take_retry(value);
    }
}

/// Takes what is held with its line too until that ends.
void parser::take_copy(std::string& to, std::string_view value) {
    clear(to);
    if (value.size() > small && block_size() + 2 * value.size() > options_.limit) {
        error_ = errc::event_too_large;
    } else {
        append_repaired(to, value);
    }
}

void parser::take_comment(std::string_view text) {
    if (options_.on_comment) {
        std::string repaired;
        take_copy(repaired, text);
        options_.on_comment(repaired);
    }
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

/// Past the small size a buffer takes all that the limit leaves at once: growing step by step would
/// hold the old and the new one, and memory that is not written to costs nothing.
void parser::append(std::string& to, std::string_view text) {
    const std::size_t others = block_size();
    if (others + text.size() > options_.limit) {
        error_ = errc::event_too_large;
        return;
    }
    const std::size_t size = to.size() + text.size();
    if (size > small && size > to.capacity()) {
        to.reserve(to.size() + options_.limit - others);
    }
    to.append(text);
}

void parser::append_repaired(std::string& to, std::string_view bytes) {
    if (detail::is_utf8(bytes)) {
        append(to, bytes);
        return;
    }
    while (!bytes.empty() && !error_) {
        const detail::scanned found = detail::scan_sequence(bytes);
        const bool valid = found.is == detail::utf8::valid;
        append(to, valid ? bytes.substr(0, found.length) : replacement);
        bytes.remove_prefix(found.length);
    }
}

void parser::begin_block() {
    clear(data_);
    clear(type_);
    block_retry_.reset();
    block_ended_ = false;
}

/// Whether there is an event to give; a block without data is over at once.
bool parser::end_block() {
    if (last_event_id_ != id_) {
        last_event_id_ = id_;
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
