#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <string>

namespace cat {

/// The help on one screen of 24 lines: a line for each option, with its group beside it instead of
/// above it.
class one_screen_help : public CLI::Formatter {
public:
    std::string make_help(
        const CLI::App* of, std::string name, CLI::AppFormatMode mode) const override;
};

} // namespace cat
