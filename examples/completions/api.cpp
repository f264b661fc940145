#include "api.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

namespace completions {

namespace json = boost::json;

namespace {

const json::object& object_in(const json::value& value, std::string_view parameter) {
    const json::object* const found = value.if_object();
    if (found == nullptr) {
        throw bad_request{"expected an object", parameter};
    }
    return *found;
}

std::string text_in(const json::object& from, std::string_view name, std::string_view parameter) {
    const json::value* const found = from.if_contains(name);
    if (found == nullptr || !found->is_string()) {
        throw bad_request{"'" + std::string{parameter} + "' must be a string", parameter};
    }
    return std::string{found->get_string()};
}

/// The last message is the prompt.
std::string prompt_in(const json::object& from) {
    const json::value* const found = from.if_contains("messages");
    const json::array* const messages = found != nullptr ? found->if_array() : nullptr;
    if (messages == nullptr || messages->empty()) {
        throw bad_request{"'messages' must be an array of one or more messages", "messages"};
    }
    const json::object& last = object_in(messages->back(), "messages");
    text_in(last, "role", "messages.role");
    return text_in(last, "content", "messages.content");
}

std::size_t most_tokens_in(const json::object& from) {
    constexpr std::int64_t usual = 4'096;
    std::int64_t most = usual;
    for (const std::string_view name : {"max_tokens", "max_completion_tokens"}) {
        const json::value* const found = from.if_contains(name);
        if (found == nullptr || found->is_null()) {
            continue;
        }
        most = found->is_int64() ? found->get_int64() : 0;
        if (most < 1) {
            throw bad_request{"'" + std::string{name} + "' must be an integer of 1 or more", name};
        }
    }
    return static_cast<std::size_t>(most);
}

bool is_stream(const json::object& from) {
    const json::value* const found = from.if_contains("stream");
    if (found == nullptr || found->is_null()) {
        return false;
    }
    if (!found->is_bool()) {
        throw bad_request{"'stream' must be true or false", "stream"};
    }
    return found->get_bool();
}

json::value text_or_null(std::string_view text) {
    return text.empty() ? json::value{} : json::value(text);
}

} // namespace

request parse_request(const std::string& body) {
    boost::system::error_code error;
    const json::value parsed = json::parse(body, error);
    if (error) {
        throw bad_request{"the body is not valid JSON", ""};
    }
    const json::object& fields = object_in(parsed, "");
    return {{prompt_in(fields), most_tokens_in(fields)}, text_in(fields, "model", "model"),
        is_stream(fields)};
}

json::value describe(const error& what) {
    return {
        {"error", {{"message", what.message}, {"type", what.type},
                      {"param", text_or_null(what.parameter)}, {"code", text_or_null(what.code)}}}};
}

json::value describe(const statistics& of) {
    return {{"open", of.open}, {"finished", of.finished}, {"stopped", of.stopped},
        {"tokens", of.tokens}};
}

answer::answer(std::string model)
    : model_{std::move(model)},
      created_{std::chrono::duration_cast<std::chrono::seconds>(
          std::chrono::system_clock::now().time_since_epoch())
              .count()} {
    static std::atomic<std::uint64_t> last{0};
    id_ = "chatcmpl-" + std::to_string(++last);
}

json::value answer::wrap(std::string_view object, json::value choice) const {
    return {{"id", id_}, {"object", object}, {"created", created_}, {"model", model_},
        {"choices", json::array{std::move(choice)}}};
}

json::value answer::chunk(json::value delta, std::string_view finish_reason) const {
    return wrap("chat.completion.chunk", {{"index", 0}, {"delta", std::move(delta)},
                                             {"finish_reason", text_or_null(finish_reason)}});
}

json::value answer::beginning() const {
    return chunk({{"role", "assistant"}, {"content", ""}}, "");
}

json::value answer::part(const token& next) const {
    json::object delta;
    if (!next.text.empty()) {
        delta["content"] = next.text;
    }
    return chunk(std::move(delta), next.finish_reason);
}

json::value answer::whole(std::string_view text, std::string_view finish_reason) const {
    return wrap(
        "chat.completion", {{"index", 0}, {"message", {{"role", "assistant"}, {"content", text}}},
                               {"finish_reason", finish_reason}});
}

} // namespace completions
