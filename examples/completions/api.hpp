// The JSON of OpenAI's chat completions.
// Source: https://platform.openai.com/docs/api-reference/chat
#pragma once

#include "model.hpp"

#include <boost/json/value.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace completions {

/// What a request asks for.
struct request {
    job work;
    std::string model;
    bool stream = false;
};

/// A request that makes no sense, and which of its parameters does not.
class bad_request : public std::invalid_argument {
public:
    bad_request(const std::string& message, std::string_view parameter)
        : std::invalid_argument{message}, parameter_{parameter} {}

    std::string_view parameter() const noexcept { return parameter_; }

private:
    std::string_view parameter_;
};

/// Errors: throws `bad_request`.
request parse_request(const std::string& body);

struct error {
    std::string_view message;
    std::string_view type;
    std::string_view parameter; ///< may be empty, as may the code
    std::string_view code;
};

boost::json::value describe(const error& what);
boost::json::value describe(const statistics& of);

/// The answers to one request, which share an id.
class answer {
public:
    explicit answer(std::string model);

    boost::json::value beginning() const;
    boost::json::value part(const token& next) const;
    boost::json::value whole(std::string_view text, std::string_view finish_reason) const;

private:
    boost::json::value chunk(boost::json::value delta, std::string_view finish_reason) const;
    boost::json::value wrap(std::string_view object, boost::json::value choice) const;

    std::string id_;
    std::string model_;
    std::int64_t created_;
};

} // namespace completions
