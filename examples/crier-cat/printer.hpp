#pragma once

#include <crier/wire/event.hpp>

#include "margin.hpp"
#include "painter.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cat {

/// Events as lines for people, in columns: time, stream, id, type and data. Empty columns are left
/// out.
class human_printer {
public:
    human_printer(const margin& of_lines, std::size_t streams, painter paint)
        : margin_{of_lines}, last_ids_(streams), paint_{paint} {}

    std::string event(std::size_t stream, const crier::event& shown);
    std::string comment(std::size_t stream, std::string_view text) const;

private:
    /// As wide as its widest text so far, in steps, so that the next column seldom moves.
    class column {
    public:
        std::size_t fit(std::size_t size);

    private:
        std::size_t width_ = 0;
    };

    std::string cell(column& in, look as, std::string_view text, std::size_t& width) const;

    const margin& margin_;
    std::vector<std::string> last_ids_;
    painter paint_;
    column ids_;
    column types_;
};

/// An event as one line of JSON, with the URL if it is given.
std::string json_line(const crier::event& shown, std::string_view url);

} // namespace cat
