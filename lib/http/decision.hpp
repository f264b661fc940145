#pragma once

#include <crier/http/serve.hpp>

#include "asked.hpp"
#include "coding.hpp"
#include "cors.hpp"
#include "reply.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

/// What a request comes to: a stream, or a reply in its place. A session needs nothing else of the
/// request, nor of the options.
struct decision {
    std::optional<reply> instead{};
    std::vector<topic_options> topics{};
    subscribe_options options{};
    coding as = coding::chunked;
    response_fields fields{}; ///< of CORS, for whatever is answered
    reply_style style{};      ///< of what is answered in place of a stream
    std::string opening{};    ///< of the stream
    decltype(serve_options::on_gap) on_gap{};
    std::size_t send_buffer = serve_options{}.send_buffer;
    /// Where the status is noted that the client gets. None: nobody wants to know.
    std::shared_ptr<unsigned> status{};

    void note(std::string_view response) const noexcept {
        if (status) {
            *status = status_of(response);
        }
    }
};

/// The reply to what is no request for a stream; HEAD is one for its header.
std::optional<reply> reply_to(
    const asked& request, const permission& pages, const response_fields& fields);

/// `options` are checked. `cors_fields` are for where they allow no origins of their own.
decision decide(const asked& request, serve_options options, const manager_options& limits,
    response_fields cors_fields = {});

} // namespace crier::detail
