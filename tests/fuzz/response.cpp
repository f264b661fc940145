#include <crier/wire/errc.hpp>

#include "client/response_reader.hpp"
#include "input.hpp"
#include "require.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

using crier::header_field;
using crier::response_info;
using crier::detail::response_reader;
using crier::fuzz::pieces;
using crier::fuzz::require;

namespace {

/// What came of the bytes of a connection.
struct result {
    response_info head;
    bool has_head = false;
    bool is_over = false;
    std::string body;
    std::string rest{}; ///< what is left over
    boost::system::error_code error;
};

bool lies_in(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                               part.data() + part.size() <= whole.data() + whole.size());
}

/// A connection receives no more at a time, and nothing where so much waits already.
constexpr std::size_t most_at_a_time = 16'384;
constexpr std::size_t most_waiting = response_reader::header_limit;

/// Reads as a connection does: what is left over is given again, with what follows.
result read(const pieces& all) {
    response_reader reader;
    result got;
    for (const std::string_view piece : all) {
        got.rest += piece;
        std::string_view input = got.rest;
        std::size_t before = input.size() + 1;
        while (input.size() < before && !reader.is_over() && !got.error) {
            before = input.size();
            reader.read(input, got.error);
            require(lies_in(input, got.rest), "what is left is of the input");
            require(lies_in(reader.body(), got.rest), "a body's piece is a view of the input");
            got.body += reader.body();
        }
        got.rest.erase(0, got.rest.size() - input.size());
        if (!got.error && !reader.is_over() && got.rest.size() >= most_waiting) {
            got.error = crier::errc::bad_response;
        }
        if (got.error || reader.is_over()) {
            break;
        }
    }
    if (!got.error) {
        reader.end_of_input(got.error);
        require(got.error || reader.is_over(), "a response has ended, or its end is an error");
    }
    got.head = reader.head();
    got.has_head = reader.has_head();
    got.is_over = reader.is_over();
    return got;
}

bool is_same(const response_info& one, const response_info& other) {
    return one.status == other.status && one.reason == other.reason &&
           std::ranges::equal(
               one.headers, other.headers, [](const header_field& a, const header_field& b) {
                   return a.name == b.name && a.value == b.value;
               });
}

bool is_one_line(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void require_same(const result& one, const result& other) {
    require(one.has_head == other.has_head, "a head, however it is split");
    require(!one.has_head || is_same(one.head, other.head), "the same head");
    require(one.error.failed() == other.error.failed(), "an error, however it is split");
    require(one.body == other.body, "the same body");
    require(one.is_over == other.is_over, "the same end");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    constexpr std::size_t most = 2 * response_reader::header_limit;
    if (size < 1) {
        return 0;
    }
    const std::string stream =
        crier::fuzz::stretched({reinterpret_cast<const char*>(bytes) + 1, size - 1}, most);

    // As long as that it may wait, or may be too much by the pieces that it comes in.
    const bool is_short = stream.size() < most_waiting;
    const result whole = read(crier::test::in_pieces(stream, most_at_a_time));
    require(whole.body.size() + whole.rest.size() <= stream.size(), "no byte is given twice");
    require(!whole.has_head || whole.head.status <= 999, "a status has three digits");
    require(is_one_line(whole.head.reason), "a reason is one line");
    for (const header_field& field : whole.head.headers) {
        require(is_one_line(field.name) && is_one_line(field.value), "a field is one line");
    }
    const result random_pieces = read(crier::fuzz::cut(stream, bytes[0]));
    const result small_pieces =
        read(crier::test::in_pieces(stream, stream.size() < 3000 ? 1 : 499));
    if (is_short) {
        require_same(random_pieces, whole);
        require_same(small_pieces, whole);
    }
    return 0;
}
