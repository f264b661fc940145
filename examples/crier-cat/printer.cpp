#include "printer.hpp"

#include "printable.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace cat {

namespace json = boost::json;

std::string human_printer::event(std::size_t stream, const crier::event& shown) {
    std::string id;
    if (shown.id != last_ids_[stream]) {
        id = shown.id.empty() ? "(no id)" : printable(shown.id);
        last_ids_[stream] = shown.id;
    }
    const std::string type = shown.type == "message" ? "" : printable(shown.type);
    std::size_t width = margin_.width();
    std::string text = margin_.text(stream, paint_);
    text += cell(ids_, look::dim, id, width);
    text += cell(types_, look::strong, type, width);
    if (shown.data.empty()) {
        return text + paint_(look::dim, "(no data)") + '\n';
    }
    // The bar replaces blanks before the data, so that the data stays aligned.
    const std::string next_line = '\n' + std::string(width - 2, ' ') + paint_(look::dim, "│") + ' ';
    std::string_view rest = shown.data;
    for (std::size_t end = 0; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
        text.append(printable(rest.substr(0, end), paint_)).append(next_line);
    }
    return text.append(printable(rest, paint_)) + '\n';
}

std::string human_printer::comment(std::size_t stream, std::string_view text) const {
    return margin_.text(stream, paint_) + paint_(look::dim, ':' + printable(text)) + '\n';
}

std::size_t human_printer::column::fit(std::size_t size) {
    constexpr std::size_t step = 4, widest = 24;
    if (size > width_ && size <= widest) {
        width_ = (size + step - 1) / step * step;
    }
    return std::max(size, width_);
}

std::string human_printer::cell(
    column& in, look as, std::string_view text, std::size_t& width) const {
    const std::size_t size = length(text);
    const std::size_t fitting = in.fit(size);
    if (fitting == 0) {
        return {};
    }
    constexpr std::size_t gap = 2;
    width += fitting + gap;
    return (size == 0 ? "" : paint_(as, text)) + std::string(fitting - size + gap, ' ');
}

std::string json_line(const crier::event& shown, std::string_view url) {
    json::object line{{"type", shown.type}, {"data", shown.data}, {"id", shown.id}};
    if (!url.empty()) {
        line.emplace("url", url);
    }
    // JSON does not escape all characters that terminals interpret, but reads the escapes.
    return printable(json::serialize(line)) + '\n';
}

} // namespace cat
