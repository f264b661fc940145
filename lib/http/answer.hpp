#pragma once

#include <crier/http/serve.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace crier::detail {

/// What a request gets in place of a stream; the connection ends with it.
struct answer {
    end_reason reason;
    std::string response;
};

answer refuse(const refusal& refused, const request_head& head, const cors_options& cors);

/// What a request comes to: a stream of these topics, unless it gets something in its place.
struct decision {
    std::optional<answer> instead{};
    std::vector<topic_options> topics{};
    subscribe_options where{};
};

/// Takes of the options what the decision holds.
decision decide(const request_head& head, serve_options& options, std::size_t topics_limit);

} // namespace crier::detail
