#pragma once

#include <crier/http/exchange.hpp>

#include "detached_streams.hpp"
#include "received.hpp"
#include "responder.hpp"

#include <memory>
#include <stop_token>
#include <utility>

namespace crier::detail {

/// What the library does with an exchange and handlers do not.
struct exchange_access {
    /// Of a request that the gate has let pass, as it was read there.
    static exchange make(responder& to, std::unique_ptr<const received> request,
        std::chrono::milliseconds response_timeout, std::stop_token shutdown) {
        return {to, std::move(request), response_timeout, std::move(shutdown)};
    }

    static const asked& asked_of(const exchange& of) noexcept { return of.received_->read; }

    /// Sets what CORS tells with whatever is answered.
    static void set_fields(exchange& of, response_fields fields) {
        of.cors_fields_ = std::move(fields);
    }

    /// As `detach_stream`, with options that are checked.
    static void detach(exchange& of, manager& events, serve_options checked) {
        of.detach(events, std::move(checked));
    }

    /// Notes there what the client gets.
    static void note_status(exchange& of, std::shared_ptr<unsigned> in) noexcept {
        of.status_ = std::move(in);
    }

    static detached_order* detached(exchange& of) noexcept { return of.detached_.get(); }
};

} // namespace crier::detail
