#pragma once

#include <crier/client/options.hpp>

#include "margin.hpp"
#include "painter.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace cat {

/// Notices about the connections, one line each, on standard error.
class notices {
public:
    notices(const margin& of_lines, painter paint, bool quiet)
        : margin_{of_lines}, paint_{paint}, quiet_{quiet} {}

    void connecting(std::size_t stream, std::string_view url) const;
    /// `other_url`: the URL, if it is not the one that was asked for, as after a redirect.
    void connected(
        std::size_t stream, std::string_view other_url, std::string_view last_event_id) const;
    void unsent_id(std::size_t stream, std::string_view why) const;
    void lost(std::size_t stream, const crier::state_change& change);
    void ended(std::size_t stream, const crier::state_change& change);
    void time_is_up() const;
    /// Written even with `quiet`.
    void gap(std::size_t stream, std::string_view explained) const;

private:
    void say(std::size_t stream, look as, std::string_view text) const;
    void write(std::string_view begin, look as, std::string_view text) const;
    void hint(std::size_t stream, const crier::state_change& change);

    const margin& margin_;
    painter paint_;
    bool quiet_;
    std::string_view hinted_; ///< what was said last
};

} // namespace cat
