#include "command_line.hpp"

#include "argument.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <string>
#include <utility>

namespace cat {
namespace {

constexpr const char* footer =
    R"(Events go to standard output, and what becomes of the connections to standard error.

Exit status:
  0    done: --count is reached, the stream of --no-reconnect is over, or whoever reads the
       output has left
  1    ended: no stream is left and none to be expected, as after a status like 404 or 204; or
       the output cannot be written
  2    the command line makes no sense
  3    --timeout is over
  130  by Ctrl-C, and 143 by SIGTERM, as a shell counts them)";

} // namespace

command_line::command_line()
    : parser_{"Shows the events of event streams as they come, and reconnects as a browser does.",
          "crier-cat"} {
    add_output();
    add_request();
    add_ends();
    parser_.add_option("URL", chosen_.urls, "one stream or more; without a scheme, of http")
        ->required()
        ->type_name("");
    parser_.footer(footer);
}

void command_line::add_output() {
    const std::string group = "Output";
    parser_.add_flag("--json", json_, R"(a line {"type","data","id"} for each event)")
        ->group(group);
    parser_.add_flag("--raw", raw_, "the bytes of the stream as they are received")->group(group);
    parser_.add_option("--only", chosen_.only, "events of this type only")
        ->type_name("TYPE")
        ->group(group);
    parser_.add_flag("--comments", chosen_.comments, "comments too, such as heartbeats")
        ->group(group);
    parser_
        .add_flag("--follow-gaps", chosen_.follow_gaps,
            "explain crier.gap events, which tell of lost ones")
        ->group(group);
    parser_.add_flag("--quiet", chosen_.quiet, "say nothing about the connections")->group(group);
    parser_
        .add_option("--color", color_, "always, never, or auto: on a terminal, without NO_COLOR")
        ->type_name("WHEN")
        ->check(argument::check_color)
        ->group(group);
}

void command_line::add_request() {
    const std::string group = "Request";
    const auto add = [&](const char* name, std::string& to, const char* type, const char* text) {
        parser_.add_option(name, to, text)->type_name(type)->group(group);
    };
    add("--last-event-id", chosen_.source.last_event_id, "ID", "go on after this event");
    parser_.add_option("--header", headers_, "'Name: value' to send; as often as needed")
        ->type_name("FIELD")
        ->allow_extra_args(false)
        ->group(group);
    add("--method", method_, "METHOD", "unless given, POST with a body and else GET");
    add("--body", body_, "TEXT", "a body to send; @FILE sends what the file holds");
    add("--ca-file", chosen_.source.tls.ca_file, "FILE", "PEM certificates to trust");
    parser_.add_flag("--insecure", insecure_, "trust any certificate, so anybody on the way")
        ->group(group);
}

void command_line::add_ends() {
    const std::string group = "Ends";
    const auto add = [&](const std::string& name, const char* type, const char* text, auto read) {
        const auto take = [name, read](const std::string& given) { read(name, given); };
        parser_.add_option_function<std::string>(name, take, text)->type_name(type)->group(group);
    };
    add("--count", "N", "end after so many events in all",
        [this](const auto&... given) { chosen_.count = argument::count(given...); });
    add("--timeout", "SECONDS", "end after this time",
        [this](const auto&... given) { chosen_.timeout = argument::seconds(given...); });
    add("--idle-timeout", "SECONDS", "give up a connection that is silent for so long",
        [this](
            const auto&... given) { chosen_.source.idle_timeout = argument::seconds(given...); });
    parser_.add_flag("--no-reconnect", no_reconnect_, "end when the stream does")->group(group);
    parser_
        .add_flag("--retry-server-errors", chosen_.source.retry_server_errors,
            "try again after 429 and 5xx, too")
        ->group(group);
}

void command_line::check() const {
    if (json_ && raw_) {
        throw CLI::ValidationError{"--json and --raw exclude each other"};
    }
    if (chosen_.comments && (json_ || raw_)) {
        throw CLI::ValidationError{"--comments is for people; --raw shows comments, too"};
    }
    if (raw_ && chosen_.urls.size() > 1) {
        throw CLI::ValidationError{"--raw takes one URL: bytes do not tell where they are from"};
    }
    if (raw_ && !chosen_.only.empty()) {
        throw CLI::ValidationError{"--raw shows all of a stream, and --only chooses"};
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
