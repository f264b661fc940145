#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bench::load {

/// What a parser found.
enum class token : std::uint8_t {
    none,       ///< the input is used up
    open,       ///< the head of a response with status 200 is complete
    event,      ///< an event with a number and a time
    other,      ///< an event without them
    gap,        ///< an event of type crier.gap
    id,         ///< a field `id`
    end,        ///< the last chunk
    wrong_head, ///< no HTTP, or another status than 200
    wrong_chunk ///< no chunk where one has to be
};

/// Reads one stream, cut anywhere, in little memory: of a line that comes in parts it keeps only
/// the beginning.
class parser {
public:
    /// Takes from the input up to what it finds next.
    token next(std::string_view& input);

    /// What follows is the body, without chunks; its head has come in another way.
    void begin_body() noexcept { phase_ = phase::unchunked; }

    std::uint64_t number() const noexcept { return number_; }
    std::uint64_t time() const noexcept { return time_; }

    /// Of the field found last; valid as long as the input and until the next call.
    std::string_view id() const noexcept { return {id_, id_size_}; }
    std::uint16_t status() const noexcept { return status_; }

private:
    enum class phase : std::uint8_t {
        status_line,
        header,
        chunk_size,
        chunk_extension,
        chunk_data,
        chunk_end,
        unchunked,
        over
    };

    bool take_line(std::string_view& input, std::string_view& line);
    token take_chunk(std::string_view& input);
    token take_size(char next);
    token take_data(std::string_view& input);
    token take_field(std::string_view& input);
    token head(std::string_view line);
    token field(std::string_view line);
    token dispatch();
    void data(std::string_view value);
    token stop(token why);

    std::uint64_t number_ = 0;
    std::uint64_t time_ = 0;
    const char* id_ = nullptr;
    std::uint32_t left_ = 0;
    std::uint16_t status_ = 0;
    phase phase_ = phase::status_line;
    bool chunked_ : 1 = false;
    bool has_size_ : 1 = false;
    bool has_data_ : 1 = false;
    bool has_number_ : 1 = false;
    bool is_gap_ : 1 = false;
    std::uint8_t id_size_ = 0;
    std::uint8_t kept_ = 0;
    /// Long enough for `data: n=... t=...` and the ids and headers that matter.
    std::array<char, 46> line_{};
};

} // namespace bench::load
