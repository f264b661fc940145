#pragma once

#include <crier/export.hpp>
#include <crier/http/serve.hpp>
#include <crier/http/server.hpp>
#include <crier/pubsub/manager.hpp>

#include <functional>
#include <optional>
#include <string_view>

namespace crier {

struct stream_handler_options {
    /// Decides whether a request may read a topic; it is called for each topic of the request. If
    /// one is not allowed, the answer is 403. None: everybody may read every topic.
    std::function<bool(const exchange::request_type& request, std::string_view topic)> allow{};
    /// Tells which topics there are, and the options of each, whose name may stay empty. It is
    /// called for each topic of the request that is allowed. If it gives none for one, the answer
    /// is 404: give those that were closed, too, so that it is 204. None: there is any topic, so
    /// that whoever may read a topic can make it.
    ///
    /// Thread safety: it is called on all threads of the server, as is `allow`.
    std::function<std::optional<topic_options>(std::string_view topic)> find{};
    /// The options of each stream. Its topics are those of the request.
    serve_options stream{};
};

/// Makes a handler that answers each request with a stream of the topics that it names,
/// `?topic=a&topic=b`, or else of `topic_of(request)`: `/any?topic=a` names "a", but `/a` names
/// "/a". The streams are left to the server, as with `exchange::detach_stream`.
///
///     server.run(crier::stream_handler(manager));
///
/// A name that `topic_of` or `topics_of` refuses is answered with 400. Pages that may read the
/// streams may also read the refusals.
///
/// Errors: throws those of `check_options`.
/// Lifetime: the manager must outlive the handler's requests.
CRIER_EXPORT server::handler stream_handler(manager& events, stream_handler_options options = {});

} // namespace crier
