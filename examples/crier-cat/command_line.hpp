#pragma once

#include "settings.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <string>
#include <vector>

namespace cat {

class command_line {
public:
    command_line();
    command_line(const command_line&) = delete;
    command_line& operator=(const command_line&) = delete;

    /// Errors: throws `CLI::ParseError`.
    settings parse(int argc, char** argv);

    CLI::App& parser() noexcept { return parser_; }

private:
    void add_output();
    void add_request();
    void add_connection();
    void add_ends();
    void check() const;

    CLI::App parser_;
    settings chosen_;
    std::string color_ = "auto";
    std::string method_;
    std::string body_;
    std::vector<std::string> headers_;
    bool json_ = false;
    bool raw_ = false;
    bool insecure_ = false;
};

} // namespace cat
