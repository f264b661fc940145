#pragma once

#include <crier/export.hpp>
#include <crier/http/serve.hpp>
#include <crier/http/server.hpp>
#include <crier/pubsub/manager.hpp>

#include <functional>
#include <string_view>

namespace crier {

struct stream_handler_options {
    /// Asked for each topic that a request names; one that may not be read is answered with 403.
    /// None: all topics are everybody's.
    std::function<bool(const exchange::request_type& request, std::string_view topic)> allow{};
    /// For each stream; its topics are those of the request.
    serve_options stream{};
};

/// Makes a handler that answers each request with the stream of the topics that it names,
/// `?topic=a&topic=b`, or else of its path and query, from the request's last event id on.
///
///     server.run(crier::stream_handler(manager));
///
/// A topic's name that `topic_of` or `topics_of` does not take is answered with 400. What is
/// answered in place of a stream may be read by the pages that may read the stream.
///
/// Errors: throws those of `check_options`.
/// Lifetime: the manager must outlive the handler's requests.
CRIER_EXPORT server::handler stream_handler(manager& events, stream_handler_options options = {});

} // namespace crier
