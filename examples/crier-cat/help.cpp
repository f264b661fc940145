#include "help.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace cat {
namespace {

constexpr std::size_t group_width = 10;
constexpr std::size_t option_width = 25;

std::string padded(std::string_view text, std::size_t width) {
    std::string cell{text};
    cell.resize(std::max(width, text.size() + 1), ' ');
    return cell;
}

std::string line_of(const CLI::Option& option) {
    return padded(option.get_name() + ' ' + option.get_type_name(), option_width) +
           option.get_description() + '\n';
}

} // namespace

std::string one_screen_help::make_help(
    const CLI::App* of, std::string /*name*/, CLI::AppFormatMode /*mode*/) const {
    std::string text =
        padded("Usage: " + of->get_name() + " [OPTIONS] URL...", group_width + option_width) +
        of->get_description() + '\n';
    for (const std::string& group : of->get_groups()) {
        const auto in_group = [&group](const CLI::Option* option) {
            return option->get_group() == group && option->nonpositional() &&
                   option->get_name() != "--help";
        };
        std::string label = group;
        for (const CLI::Option* const option : of->get_options(in_group)) {
            text += padded(label, group_width) + line_of(*option);
            label.clear();
        }
    }
    return text + of->get_footer() + '\n';
}

} // namespace cat
