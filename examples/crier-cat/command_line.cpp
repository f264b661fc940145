#include "command_line.hpp"

#include "argument.hpp"
#include "help.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace cat {
namespace {

constexpr const char* footer =
    "Exit status: 0 done, 1 ended for good, 2 wrong command line, 3 --timeout is over";

} // namespace

command_line::command_line()
    : parser_{"shows event streams as browsers receive them", "crier-cat"} {
    parser_.formatter(std::make_shared<one_screen_help>());
    add_output();
    add_request();
    add_connection();
    add_ends();
    parser_.add_option("URL", chosen_.urls)->required();
    parser_.footer(footer);
}

void command_line::add_output() {
    const std::string group = "Output";
    const auto flag = [&](const char* name, bool& to, const char* text) {
        parser_.add_flag(name, to, text)->group(group);
    };
    flag("--json", json_, R"(a line {"type","data","id"} for each event)");
    flag("--raw", raw_, "the bytes of the stream as received");
    parser_.add_option("--only", chosen_.only, "events of this type only")
        ->type_name("TYPE")
        ->group(group);
    flag("--comments", chosen_.comments, "comments too, such as heartbeats");
    flag("--follow-gaps", chosen_.follow_gaps, "explain crier.gap, which reports lost events");
    flag("--quiet", chosen_.quiet, "no notices about connections");
    parser_.add_option("--color", color_, "auto, always or never; auto heeds NO_COLOR")
        ->type_name("WHEN")
        ->check(argument::check_color)
        ->group(group);
}

void command_line::add_request() {
    const std::string group = "Request";
    const auto add = [&](const char* name, std::string& to, const char* type, const char* text) {
        parser_.add_option(name, to, text)->type_name(type)->group(group);
    };
    add("--last-event-id", chosen_.source.last_event_id, "ID", "resume after this event");
    parser_.add_option("--header", headers_, "'Name: value', or @FILE of lines; many times")
        ->type_name("FIELD")
        ->allow_extra_args(false)
        ->group(group);
    add("--method", method_, "METHOD", "the default is POST with a body, else GET");
    add("--body", body_, "TEXT", "a body to send; @FILE sends that of a file");
}

void command_line::add_connection() {
    const std::string group = "Connect";
    crier::event_source_options& source = chosen_.source;
    const auto add = [&](const char* name, std::string& to, const char* type, const char* text) {
        parser_.add_option(name, to, text)->type_name(type)->group(group);
    };
    add("--ca-file", source.tls.ca_file, "FILE", "trust the certificates in this PEM file");
    parser_.add_flag("--insecure", insecure_, "any certificate: others may read the stream")
        ->group(group);
    add("--proxy", source.proxy.url, "URL", "not that of https_proxy or http_proxy");
    add("--noproxy", source.proxy.no_proxy, "HOSTS", "no proxy for a,b; '*' for none");
    add("--unix-socket", source.unix_socket, "PATH", "connect there, not to the URL's host");
    const auto take_silence = [&source](const std::string& given) {
        source.idle_timeout = argument::seconds("--idle-timeout", given);
    };
    parser_
        .add_option_function<std::string>(
            "--idle-timeout", take_silence, "reconnect after so long a silence")
        ->type_name("SECONDS")
        ->group(group);
}

void command_line::add_ends() {
    const std::string group = "Ends";
    const auto add = [&](const std::string& name, const char* type, const char* text, auto read) {
        const auto take = [name, read](const std::string& given) { read(name, given); };
        parser_.add_option_function<std::string>(name, take, text)->type_name(type)->group(group);
    };
    add("--count", "N", "after so many events",
        [this](const auto&... given) { chosen_.count = argument::count(given...); });
    add("--timeout", "SECONDS", "after this time",
        [this](const auto&... given) { chosen_.timeout = argument::seconds(given...); });
    add("--event-limit", "BYTES", "by a larger event; the default is 1 MB",
        [this](const auto&... given) { chosen_.source.event_limit = argument::count(given...); });
    parser_
        .add_flag_function(
            "--reconnect,!--no-reconnect",
            [this](std::int64_t given) { chosen_.source.reconnect = given > 0; },
            "not, or when the stream ends, as a POST does")
        ->group(group);
    parser_
        .add_flag("--standard-errors", chosen_.source.standard_errors, "by 408, 425, 429 and 5xx")
        ->group(group);
}

void command_line::check() const {
    if (json_ && raw_) {
        throw CLI::ValidationError{"--json and --raw cannot be combined"};
    }
    if (chosen_.comments && (json_ || raw_)) {
        throw CLI::ValidationError{
            "--comments cannot be combined with --json or --raw; --raw shows comments"};
    }
    if (raw_ && chosen_.urls.size() > 1) {
        throw CLI::ValidationError{"--raw takes one URL: its output does not name the stream"};
    }
    if (raw_ && !chosen_.only.empty()) {
        throw CLI::ValidationError{"--raw and --only cannot be combined: --raw shows all bytes"};
    }
}

settings command_line::parse(int argc, char** argv) {
    parser_.parse(argc, argv);
    check();
    for (std::string& url : chosen_.urls) {
        url = argument::url(url);
    }
    chosen_.as = json_ ? format::json : raw_ ? format::raw : format::human;
    chosen_.color_output = argument::color(color_, STDOUT_FILENO);
    chosen_.color_notices = argument::color(color_, STDERR_FILENO);
    crier::event_source_options& source = chosen_.source;
    for (const std::string& header : headers_) {
        argument::add_headers(header, source.headers);
    }
    source.body = argument::body(body_);
    source.method = !method_.empty() ? method_ : parser_.count("--body") != 0 ? "POST" : "GET";
    source.tls.verify = !insecure_;
    return std::move(chosen_);
}

} // namespace cat
