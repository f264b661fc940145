#pragma once

#include "painter.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace cat {

/// Short labels that distinguish the URLs: hosts or paths if they suffice. Empty for one URL.
std::vector<std::string> labels_of(const std::vector<std::string>& urls);

/// The beginning of each line: the time of day and, with several streams, the stream's label.
class margin {
public:
    explicit margin(const std::vector<std::string>& urls);

    std::string text(std::size_t stream, const painter& paint) const;
    static std::string time(const painter& paint);
    std::size_t width() const noexcept { return width_; }

private:
    std::vector<std::string> labels_;
    std::size_t width_;
};

} // namespace cat
