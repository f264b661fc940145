#include "command_line.hpp"

#include "argument.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <string>
#include <utility>

namespace cat {
namespace {

constexpr const char* footer =
    R"(Events go to standard output, notices about connections to standard error.

Exit status:
  0    done: --count is reached, the stream ended with --no-reconnect, or the reader of the
       output has left
  1    ended: all streams have ended for good, such as by 404 or 204, or the output cannot be
       written
  2    the command line is wrong
  3    --timeout is over
  130  by Ctrl-C, and 143 by SIGTERM, as shells report them)";

} // namespace

command_line::command_line()
    : parser_{"Shows the events of event streams as they arrive, and reconnects as a browser does.",
          "crier-cat"} {
    add_output();
    add_request();
    add_ends();
    parser_.add_option("URL", chosen_.urls, "one or more streams; the default scheme is http")
        ->required()
        ->type_name("");
    parser_.footer(footer);
}

void command_line::add_output() {
    const std::string group = "Output";
    parser_.add_flag("--json", json_, R"(write a line {"type","data","id"} for each event)")
        ->group(group);
    parser_.add_flag("--raw", raw_, "write the bytes of the stream as received")->group(group);
    parser_.add_option("--only", chosen_.only, "show events of this type only")
        ->type_name("TYPE")
        ->group(group);
    parser_.add_flag("--comments", chosen_.comments, "show comments too, such as heartbeats")
        ->group(group);
    parser_
        .add_flag("--follow-gaps", chosen_.follow_gaps,
            "explain crier.gap events, which report lost events")
        ->group(group);
    parser_.add_flag("--quiet", chosen_.quiet, "no notices about connections")->group(group);
    parser_
        .add_option(
            "--color", color_, "always, never, or auto: on a terminal unless NO_COLOR is set")
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
    parser_.add_option("--header", headers_, "'Name: value' to send; may be repeated")
        ->type_name("FIELD")
        ->allow_extra_args(false)
        ->group(group);
    add("--method", method_, "METHOD", "the default is POST with a body, else GET");
    add("--body", body_, "TEXT", "a body to send; @FILE sends the content of a file");
    add("--ca-file", chosen_.source.tls.ca_file, "FILE", "trust the certificates in this PEM file");
    parser_
        .add_flag("--insecure", insecure_,
            "accept any certificate; others may read and change the stream")
        ->group(group);
}

void command_line::add_ends() {
    const std::string group = "Ends";
    const auto add = [&](const std::string& name, const char* type, const char* text, auto read) {
        const auto take = [name, read](const std::string& given) { read(name, given); };
        parser_.add_option_function<std::string>(name, take, text)->type_name(type)->group(group);
    };
    add("--count", "N", "end after this many events",
        [this](const auto&... given) { chosen_.count = argument::count(given...); });
    add("--timeout", "SECONDS", "end after this time",
        [this](const auto&... given) { chosen_.timeout = argument::seconds(given...); });
    add("--idle-timeout", "SECONDS", "reconnect when a stream is silent for this long",
        [this](
            const auto&... given) { chosen_.source.idle_timeout = argument::seconds(given...); });
    parser_.add_flag("--no-reconnect", no_reconnect_, "end when the stream ends")->group(group);
    parser_
        .add_flag("--retry-server-errors", chosen_.source.retry_server_errors,
            "retry after 429 and 5xx too")
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
        source.headers.push_back(argument::header(header));
    }
    source.body = argument::body(body_);
    source.method = !method_.empty() ? method_ : parser_.count("--body") != 0 ? "POST" : "GET";
    source.tls.verify = !insecure_;
    source.reconnect = !no_reconnect_;
    return std::move(chosen_);
}

} // namespace cat
