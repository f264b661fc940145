#pragma once

#include <crier/wire/encoder.hpp>
#include <crier/wire/errc.hpp>

#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace crier::detail {

inline constexpr std::size_t max_id_size = 128;
inline constexpr std::chrono::milliseconds max_retry{std::numeric_limits<std::int32_t>::max()};

/// Measures what `encoded_text` is given, so that a block is allocated once and at its size.
class encoded_size {
public:
    void put(std::string_view text) noexcept { size_ += text.size(); }
    std::size_t size() const noexcept { return size_; }

private:
    std::size_t size_ = 0;
};

class encoded_text {
public:
    explicit encoded_text(char* to) noexcept : to_{to} {}
    void put(std::string_view text) noexcept { to_ = std::copy_n(text.data(), text.size(), to_); }

private:
    char* to_;
};

template <class Output>
void put_field(Output& output, std::string_view name, std::string_view value) {
    output.put(name);
    output.put(value);
    output.put("\n");
}

template <class Output>
void put(Output& output, const event_view& event) {
    if (!event.type.empty()) {
        put_field(output, "event: ", event.type);
    }
    if (event.retry) {
        char digits[16];
        const auto end =
            std::to_chars(std::begin(digits), std::end(digits), event.retry->count()).ptr;
        put_field(output, "retry: ", {digits, static_cast<std::size_t>(end - digits)});
    }
    for_each_line(event.data, [&](std::string_view line) { put_field(output, "data: ", line); });
    if (!event.id.empty()) {
        put_field(output, "id: ", event.id);
    }
    output.put("\n");
}

struct comment {
    std::string_view text;
    comment_end end;
};

template <class Output>
void put(Output& output, const comment& source) {
    for_each_line(source.text,
        [&](std::string_view line) { put_field(output, line.empty() ? ":" : ": ", line); });
    if (source.end == comment_end::blank_line) {
        output.put("\n");
    }
}

inline boost::system::error_code check(const event_view& event) {
    using namespace std::string_view_literals;
    if (event.type.find_first_of("\r\n\0"sv) != event.type.npos) {
        return errc::invalid_type;
    }
    const bool printable =
        std::ranges::all_of(event.id, [](char byte) { return byte >= 0x21 && byte <= 0x7E; });
    if (event.id.size() > max_id_size || !printable) {
        return errc::invalid_id;
    }
    if (event.retry && (event.retry->count() < 0 || *event.retry > max_retry)) {
        return errc::invalid_retry;
    }
    if (!is_utf8(event.type) || !is_utf8(event.data)) {
        return errc::invalid_utf8;
    }
    return {};
}

inline boost::system::error_code check(const comment& source) {
    return is_utf8(source.text) ? boost::system::error_code{} : errc::invalid_utf8;
}

/// Encodes into what `allocate(size)` returns; `text_of` points into it.
template <class Source, class Allocate, class TextOf>
auto encode_into(const Source& source, Allocate allocate, TextOf text_of)
    -> boost::system::result<decltype(allocate(std::size_t{}))> {
    if (const boost::system::error_code error = check(source)) {
        return error;
    }
    encoded_size size;
    put(size, source);
    auto block = allocate(size.size());
    encoded_text output{text_of(block)};
    put(output, source);
    return block;
}

} // namespace crier::detail
