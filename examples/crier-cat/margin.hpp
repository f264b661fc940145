#pragma once

#include "painter.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace cat {

/// What tells the URLs apart, as short as it gets: their hosts or their paths. Nothing for one.
std::vector<std::string> labels_of(const std::vector<std::string>& urls);

/// What each line begins with: the time of day and, where there are several, the stream's label.
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
