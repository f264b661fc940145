#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cat {

enum class look { dim, strong, good, warning, bad, escape };

/// Adds colours for a terminal, or none.
class painter {
public:
    explicit painter(bool colored) : colored_{colored} {}

    std::string operator()(look as, std::string_view text) const {
        return colored_ ? in(codes[static_cast<std::size_t>(as)], text) : std::string{text};
    }

    /// In the stream's own colour.
    std::string stream(std::size_t index, std::string_view text) const {
        return colored_ ? in(stream_codes[index % std::size(stream_codes)], text)
                        : std::string{text};
    }

private:
    static constexpr std::string_view codes[] = {"2", "1", "32", "33", "31", "7"};
    static constexpr std::string_view stream_codes[] = {"36", "35", "32", "33", "94"};

    static std::string in(std::string_view code, std::string_view text) {
        return std::string{"\x1b["}.append(code).append("m").append(text).append("\x1b[0m");
    }

    bool colored_;
};

} // namespace cat
