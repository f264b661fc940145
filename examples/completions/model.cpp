#include "model.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <thread>
#include <utility>

namespace completions {
namespace {

/// Takes the next word, with the blanks around it.
std::string_view take_word(std::string_view& text) {
    const std::size_t word = std::min(text.find_first_not_of(' '), text.size());
    const std::size_t end = std::min(text.find(' ', word), text.size());
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(end);
    return taken;
}

} // namespace

bool model::start(job asked, tokens::sender to) {
    if (++open_ > most_open) {
        --open_;
        return false;
    }
    boost::asio::post(
        threads_, [this, asked = std::move(asked), to = std::move(to)] { run(asked, to); });
    return true;
}

void model::run(const job& asked, const tokens::sender& to) {
    const bool is_finished = to.is_wanted() && compute(asked, to);
    ++(is_finished ? finished_ : stopped_);
    --open_;
}

/// False: nobody wants the rest.
bool model::compute(const job& asked, const tokens::sender& to) {
    std::string_view left = asked.prompt;
    for (std::size_t count = 0; !left.empty(); ++count) {
        if (count == asked.most_tokens) {
            return to.send({{}, "length"});
        }
        std::this_thread::sleep_for(time_of_a_token_); // the heavy work
        ++tokens_;
        if (!to.send({std::string{take_word(left)}, {}})) {
            return false;
        }
    }
    return to.send({{}, "stop"});
}

statistics model::stats() const noexcept { return {open_, finished_, stopped_, tokens_}; }

} // namespace completions
