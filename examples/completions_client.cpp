// Shows a client of such a server: it POSTs a prompt, and prints the tokens as they come.
// Try it with: completions_client 'one two three'

#include <crier/client/event_source.hpp>

#include "common/options.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

crier::event_source_options asking(const std::string& prompt) {
    crier::event_source_options options;
    options.method = "POST";
    options.headers = {{"Content-Type", "application/json"}};
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    if (const char* const key = std::getenv("OPENAI_API_KEY")) {
        options.headers.push_back({"Authorization", "Bearer " + std::string{key}});
    }
    const json::value message{{"role", "user"}, {"content", prompt}};
    options.body = json::serialize(
        json::value{{"model", "pretend"}, {"stream", true}, {"messages", json::array{message}}});
    // What the server says in place of a stream.
    options.on_state_change = [](const crier::state_change& change) {
        if (change.state == crier::ready_state::closed && change.response) {
            std::cerr << change.response->body << '\n';
        }
    };
    return options;
}

/// The next part of the answer; empty: it has none.
std::string text_of(const json::value& chunk) {
    if (chunk.as_object().contains("error")) {
        throw std::runtime_error{std::string{chunk.at("error").at("message").as_string()}};
    }
    const json::array& choices = chunk.at("choices").as_array();
    const json::value* const content =
        choices.empty() ? nullptr : choices.front().at("delta").as_object().if_contains("content");
    return content != nullptr && content->is_string() ? std::string{content->get_string()} : "";
}

asio::awaitable<void> print_answer(crier::event_source& from) {
    crier::event next = co_await from.receive();
    while (next.data != "[DONE]") {
        std::cout << text_of(json::parse(next.data)) << std::flush;
        next = co_await from.receive();
    }
    std::cout << '\n';
}

void run(const std::string& url, const std::string& prompt) {
    asio::io_context io{1};
    crier::event_source source{io.get_executor(), url, asking(prompt)};
    asio::signal_set signals{io, SIGINT, SIGTERM};
    bool is_interrupted = false;
    signals.async_wait([&](auto error, int) {
        if (!error) {
            is_interrupted = true;
            source.close(); // which stops the server's work
        }
    });
    std::exception_ptr failure;
    asio::co_spawn(io, print_answer(source), [&](const std::exception_ptr& thrown) {
        failure = thrown;
        source.close();
        signals.cancel();
    });
    io.run();
    if (failure && !is_interrupted) {
        std::rethrow_exception(failure);
    }
}

} // namespace

int main(int argc, char** argv) {
    std::string url = "http://127.0.0.1:8080/v1/chat/completions";
    std::string prompt;
    CLI::App app{"Asks for a chat completion, and prints its tokens as they come."};
    app.add_option("--url", url, "whom to ask")->capture_default_str();
    app.add_option("prompt", prompt, "what to ask")->required();
    return example::run_with(app, argc, argv, [&] {
        run(url, prompt);
        return 0;
    });
}
