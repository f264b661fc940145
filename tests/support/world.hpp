#pragma once

#include "ledger.hpp"

#include <boost/asio/strand.hpp>

#include <chrono>
#include <deque>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace crier::test {

/// A manager on two io_contexts, what it published, and its readers.
class world {
public:
    explicit world(manager_options options = {}) : options_{silent(std::move(options))} {}
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    /// Whatever failed, all is given back once nobody needs it any more.
    ~world() {
        if (std::uncaught_exceptions() > 0) {
            return;
        }
        readers.clear();
        run();
        CHECK(events.stats().subscribers == 0);
        test.pass(std::chrono::hours{1});
        run();
        CHECK(events.stats().topics.empty());
        CHECK(events.stats().memory == 0);
    }

    reader& subscribe(std::vector<std::size_t> topics, subscribe_options options = {}) {
        subscription made = events.subscribe(asked(topics), options);
        return keep(std::move(made), std::move(topics), options);
    }

    /// Keeps a subscription that was made elsewhere, after the last event of all.
    reader& keep(
        subscription made, std::vector<std::size_t> topics, const subscribe_options& options = {}) {
        readers.emplace_back(std::move(made), std::move(topics), book.last());
        readers.back().past = options.queue.value_or(queue_limits{}).overflow;
        return readers.back();
    }

    static std::vector<topic_options> asked(const std::vector<std::size_t>& topics) {
        std::vector<topic_options> made;
        for (const std::size_t each : topics) {
            made.emplace_back().name = topic_names[each];
        }
        return made;
    }

    void run() { run_on(test.io, other); }

    void read() {
        run();
        for (reader& each : readers) {
            each.read();
        }
        run();
    }

    /// There is memory again: from here on all is received that is published to these topics.
    void go_on(const std::vector<std::size_t>& topics, form how = form::text) {
        read();
        book.is_later();
        for (int i = 0; i < 3; ++i) {
            for (const std::size_t each : topics) {
                book.publish(each, how);
            }
        }
        read();
        check();
    }

    void check() {
        std::vector<reader*> all;
        for (reader& each : readers) {
            all.push_back(&each);
        }
        book.check(all);
    }

    context test;
    asio::io_context other{1};

private:
    static manager_options silent(manager_options options) {
        options.log = [](severity, std::string_view) {};
        return options;
    }

    manager_options options_;

public:
    manager events{test.io.get_executor(), options_};
    ledger book{events};
    std::deque<reader> readers;
};

} // namespace crier::test
