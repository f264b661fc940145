#include "contender/serve.hpp"

#include "common/options.hpp"
#include "journal/commands.hpp"
#include "journal/opening.hpp"

#include <memory>

namespace bench::journals {
namespace {

struct serving {
    bench::options server;
    keeping kept;
    unsigned first_topic = 0;
    unsigned topic_step = 1;
};

} // namespace

command serve_command(CLI::App& app) {
    const auto asked = std::make_shared<serving>();
    CLI::App* words = app.add_subcommand("serve", "serves event streams with a journal");
    asked->server.add_to(*words);
    asked->kept.add_to(*words);
    words->add_option("--first-topic", asked->first_topic, "the first that is published to");
    words->add_option("--topic-step", asked->topic_step, "from each of those topics to the next");
    return {words, [asked] {
                const bench::options& server = asked->server;
                serve(server, asked->kept.options(),
                    topic_names(server.topics, asked->first_topic, asked->topic_step), false);
            }};
}

} // namespace bench::journals
