#include "margin.hpp"

#include "printable.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <set>
#include <string_view>

namespace cat {
namespace {

constexpr std::string_view shape_of_time = "hh:mm:ss.mmm";
constexpr std::string_view gap = "  ";

std::string time_of_day() {
    using namespace std::chrono;
    const auto now = floor<milliseconds>(system_clock::now());
    const std::time_t seconds = system_clock::to_time_t(now);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    std::string text(shape_of_time.size(), '\0');
    text.resize(std::strftime(text.data(), text.size(), "%T", &local));
    const auto rest = (now.time_since_epoch() % 1s).count();
    return text + '.' + std::to_string(1000 + rest).substr(1);
}

struct parts {
    std::string_view host;
    std::string_view path;
};

parts split(std::string_view url) {
    constexpr std::string_view after_scheme = "://";
    url.remove_prefix(url.find(after_scheme) + after_scheme.size());
    const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
    return {url.substr(0, end), url.substr(end)};
}

bool differ(const std::vector<std::string>& labels) {
    return std::set<std::string>{labels.begin(), labels.end()}.size() == labels.size();
}

} // namespace

std::vector<std::string> labels_of(const std::vector<std::string>& urls) {
    std::vector<std::string> hosts, paths, numbered;
    for (const std::string& url : urls) {
        const auto [host, path] = split(url);
        hosts.emplace_back(printable(host));
        paths.emplace_back(path.empty() ? "/" : printable(path));
        numbered.push_back(std::to_string(numbered.size() + 1) + ' ' + hosts.back());
    }
    if (urls.size() == 1) {
        return {""};
    }
    const bool one_host = std::ranges::count(hosts, hosts.front()) == std::ssize(hosts);
    return one_host && differ(paths) ? paths
         : differ(hosts)             ? hosts
         : differ(urls)              ? urls
                                     : numbered;
}

margin::margin(const std::vector<std::string>& urls)
    : labels_{labels_of(urls)}, width_{shape_of_time.size() + gap.size()} {
    const std::size_t widest =
        length(std::ranges::max(labels_, {}, [](const auto& label) { return length(label); }));
    for (std::string& label : labels_) {
        label.append(widest - length(label), ' ');
    }
    width_ += widest == 0 ? 0 : widest + gap.size();
}

std::string margin::time(const painter& paint) {
    return paint(look::dim, time_of_day()).append(gap);
}

std::string margin::text(std::size_t stream, const painter& paint) const {
    std::string text = time(paint);
    if (!labels_[stream].empty()) {
        text.append(paint.stream(stream, labels_[stream])).append(gap);
    }
    return text;
}

} // namespace cat
