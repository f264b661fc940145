#include "follower.hpp"

#include <crier/wire/errc.hpp>

#include "gap.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <iostream>
#include <stdexcept>
#include <utility>

namespace cat {

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;

follower::follower(settings chosen)
    : settings_{std::move(chosen)},
      timeout_{context_},
      margin_{settings_.urls},
      human_{margin_, settings_.urls.size(), painter{settings_.color_output}},
      notices_{margin_, painter{settings_.color_notices}, settings_.quiet},
      output_{context_, [this](error_code why) { fail(why); }} {
    for (std::size_t i = 0; i < settings_.urls.size(); ++i) {
        const crier::parser_options limits{.limit = settings_.source.event_limit};
        open(streams_.emplace_back(stream{.index = i, .counting = crier::parser{limits}}));
    }
    start_timeout();
}

exit_status follower::run() {
    for (const stream& each : streams_) {
        notices_.connecting(each.index, settings_.urls[each.index]);
    }
    context_.run();
    output_.flush();
    return status_;
}

void follower::open(stream& added) {
    try {
        added.source = std::make_unique<crier::event_source>(
            context_.get_executor(), settings_.urls[added.index], options_of(added));
    } catch (const system_error& error) {
        throw std::invalid_argument{settings_.source.tls.ca_file + ": " + error.code().message()};
    }
    ++following_;
    asio::co_spawn(context_, follow(added), asio::detached);
}

crier::event_source_options follower::options_of(stream& of) {
    crier::event_source_options options = settings_.source;
    options.on_state_change = [this, &of](const crier::state_change& to) { observe(of, to); };
    if (settings_.as == format::raw) {
        options.on_bytes = [this, &of](std::string_view bytes) { take_bytes(of, bytes); };
    } else if (settings_.comments) {
        options.on_comment = [this, &of](std::string_view text) { take_comment(of, text); };
    }
    return options;
}

void follower::start_timeout() {
    if (settings_.timeout > settings_.timeout.zero()) {
        timeout_.expires_after(settings_.timeout);
        timeout_.async_wait([this](error_code error) {
            if (!error) {
                output_.flush();
                notices_.time_is_up();
                finish(timed_out);
            }
        });
    }
}

asio::awaitable<void> follower::follow(stream& of) {
    try {
        while (true) {
            const crier::event next = co_await of.source->receive();
            take(of, next);
        }
    } catch (const system_error&) {
        end(of);
    }
}

void follower::observe(stream& of, const crier::state_change& change) {
    output_.flush();
    if (change.kind == crier::change_kind::opened) {
        of.counting.restart();
        const std::string& asked = settings_.urls[of.index];
        const bool elsewhere = change.url != asked && change.url != asked + '/';
        const std::string& id = of.source->last_event_id();
        notices_.connected(
            of.index, elsewhere ? change.url : "", id == of.unsent_id ? "" : std::string_view{id});
    } else if (change.kind == crier::change_kind::id_not_sent) {
        of.unsent_id = of.source->last_event_id();
        notices_.unsent_id(of.index, change.message);
    } else if (change.kind == crier::change_kind::retrying) {
        notices_.lost(of.index, change);
    } else {
        of.end = change;
    }
}

void follower::take(stream& from, const crier::event& next) {
    const std::string gap = settings_.follow_gaps ? explain_gap(next) : "";
    if (!gap.empty() && !finished_) {
        output_.flush();
        notices_.gap(from.index, gap);
    }
    const bool wanted = settings_.only.empty() || next.type == settings_.only;
    if (finished_ || !wanted || settings_.as == format::raw) {
        return;
    }
    if (settings_.as == format::json) {
        const bool several = streams_.size() > 1;
        output_.write(json_line(next, several ? settings_.urls[from.index] : ""));
    } else if (gap.empty()) {
        output_.write(human_.event(from.index, next));
    } else {
        return;
    }
    count();
}

void follower::take_bytes(stream& from, std::string_view bytes) {
    if (finished_) {
        return;
    }
    std::string_view rest = settings_.count == 0 ? "" : bytes;
    while (!finished_) {
        const auto found = from.counting.next(rest);
        if (!found || !*found) {
            break;
        }
        count();
    }
    output_.write(bytes.substr(0, bytes.size() - (finished_ ? rest.size() : 0)));
}

void follower::take_comment(const stream& from, std::string_view text) {
    if (!finished_ && settings_.as == format::human) {
        output_.write(human_.comment(from.index, text));
    }
}

void follower::count() {
    if (++counted_ == settings_.count) {
        finish(done);
    }
}

void follower::end(const stream& of) {
    if (finished_) {
        return;
    }
    output_.flush();
    notices_.ended(of.index, of.end);
    const bool wanted = of.end.reason == crier::errc::stream_ended;
    if (!wanted || settings_.count != 0) {
        worst_ = ended;
    }
    if (--following_ == 0) {
        finish(worst_);
    }
}

void follower::fail(error_code why) {
    if (why == asio::error::broken_pipe) {
        finish(done); // the reader has left
    } else {
        std::cerr << "crier-cat: standard output: " + why.message() + '\n';
        finish(ended);
        status_ = ended;
    }
}

void follower::finish(exit_status how) {
    if (!std::exchange(finished_, true)) {
        status_ = how;
        context_.stop();
    }
}

} // namespace cat
