#include "load/parser.hpp"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace bench::load {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

/// As header names are compared.
bool take_name(std::string_view& text, std::string_view name) {
    if (text.size() < name.size() || ::strncasecmp(text.data(), name.data(), name.size()) != 0) {
        return false;
    }
    text.remove_prefix(name.size());
    return true;
}

template <class T>
bool take_number(std::string_view& text, T& value) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return error == std::errc{};
}

int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

} // namespace

token parser::next(std::string_view& input) {
    token found = token::none;
    while (!input.empty() && found == token::none) {
        switch (phase_) {
        case phase::status_line:
        case phase::header:
            if (std::string_view line; take_line(input, line)) {
                found = head(line);
            }
            break;
        case phase::unchunked: found = take_field(input); break;
        case phase::over: input = {}; break;
        default: found = take_chunk(input);
        }
    }
    return found;
}

bool parser::take_line(std::string_view& input, std::string_view& line) {
    const void* const end = std::memchr(input.data(), '\n', input.size());
    const bool complete = end != nullptr;
    const std::size_t size =
        complete ? static_cast<std::size_t>(static_cast<const char*>(end) - input.data())
                 : input.size();
    line = input.substr(0, size);
    input.remove_prefix(size + (complete ? 1 : 0));
    if (!complete || kept_ != 0) {
        const std::size_t fits = std::min(line.size(), line_.size() - kept_);
        std::copy_n(line.data(), fits, line_.data() + kept_);
        kept_ = static_cast<std::uint8_t>(kept_ + fits);
        line = {line_.data(), kept_};
    }
    if (complete) {
        kept_ = 0;
        line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    }
    return complete;
}

token parser::head(std::string_view line) {
    if (phase_ == phase::status_line) {
        const bool is_http = take_prefix(line, "HTTP/1.1 ") || take_prefix(line, "HTTP/1.0 ");
        if (!is_http || !take_number(line, status_) || status_ != 200) {
            return stop(token::wrong_head);
        }
        phase_ = phase::header;
    } else if (line.empty()) {
        phase_ = chunked_ ? phase::chunk_size : phase::unchunked;
        return token::open;
    } else if (take_name(line, "transfer-encoding:")) {
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        chunked_ = take_name(line, "chunked");
    }
    return token::none;
}

token parser::take_chunk(std::string_view& input) {
    if (phase_ == phase::chunk_data) {
        return take_data(input);
    }
    const char next = input.front();
    input.remove_prefix(1);
    if (phase_ == phase::chunk_size) {
        return take_size(next);
    }
    if (next == '\n') {
        phase_ = phase_ == phase::chunk_end ? phase::chunk_size : phase::chunk_data;
    } else if (phase_ == phase::chunk_end && next != '\r') {
        return stop(token::wrong_chunk);
    }
    return phase_ == phase::chunk_data && left_ == 0 ? stop(token::end) : token::none;
}

token parser::take_size(char next) {
    const int value = digit(next);
    if (value >= 0 && left_ < (1U << 27)) {
        left_ = left_ * 16 + static_cast<std::uint32_t>(value);
        has_size_ = true;
        return token::none;
    }
    const bool ends = next == '\r' || next == '\n' || next == ';' || next == ' ';
    if (!has_size_ || !ends) {
        return stop(token::wrong_chunk);
    }
    has_size_ = false;
    phase_ = next == '\n' ? phase::chunk_data : phase::chunk_extension;
    return next == '\n' && left_ == 0 ? stop(token::end) : token::none;
}

token parser::take_data(std::string_view& input) {
    std::string_view part = input.substr(0, left_);
    const std::size_t size = part.size();
    const token found = take_field(part);
    const std::size_t taken = size - part.size();
    input.remove_prefix(taken);
    left_ -= static_cast<std::uint32_t>(taken);
    if (left_ == 0) {
        phase_ = phase::chunk_end;
    }
    return found;
}

token parser::take_field(std::string_view& input) {
    token found = token::none;
    std::string_view line;
    while (found == token::none && !input.empty() && take_line(input, line)) {
        found = line.empty() ? dispatch() : field(line);
    }
    return found;
}

token parser::field(std::string_view line) {
    if (take_prefix(line, "data:")) {
        data(line);
    } else if (take_prefix(line, "id:")) {
        take_prefix(line, " ");
        id_ = line.data();
        id_size_ = static_cast<std::uint8_t>(std::min<std::size_t>(line.size(), 255));
        return token::id;
    } else if (take_prefix(line, "event:")) {
        take_prefix(line, " ");
        is_gap_ = line == "crier.gap";
    }
    return token::none;
}

void parser::data(std::string_view value) {
    take_prefix(value, " ");
    if (!has_data_) {
        has_number_ = take_prefix(value, "n=") && take_number(value, number_) &&
                      take_prefix(value, " t=") && take_number(value, time_);
    }
    has_data_ = true;
}

token parser::dispatch() {
    const token found = !has_data_  ? token::none
                      : is_gap_     ? token::gap
                      : has_number_ ? token::event
                                    : token::other;
    has_data_ = has_number_ = is_gap_ = false;
    return found;
}

token parser::stop(token why) {
    phase_ = phase::over;
    return why;
}

} // namespace bench::load
