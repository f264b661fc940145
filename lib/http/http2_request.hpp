#pragma once

#include <crier/async/clock.hpp>

#include "request_reader.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace crier::detail {

/// A request of HTTP/2 while it comes in: its head, in HTTP/1.1's form, so that it passes the same
/// gate, and its body.
class http2_request {
public:
    explicit http2_request(clock::time_point begun) noexcept : begun_at{begun} {}

    const clock::time_point begun_at;

    /// A field, or pseudo-header field. What is too much of a head is not kept, and the head
    /// refused in the end. False: it is too much to be refused.
    bool add(std::string_view name, std::string_view value, const gate_limits& limits);

    /// Unless it is refused already.
    void refuse(const refusal& why) noexcept {
        if (!refused_) {
            refused_ = why;
        }
    }

    /// False: that is too much of a body.
    bool add_body(std::string_view bytes, std::size_t most);

    /// What there is of a request once its end has come.
    std::variant<refused_request, std::unique_ptr<received>> finish(const gate_limits& limits);

private:
    std::string method_;
    std::string target_;
    std::string authority_;
    std::string host_;
    std::string cookies_; ///< whose parts come one by one
    std::string lines_;
    std::string body_;
    std::optional<refusal> refused_;
    std::size_t head_bytes_ = 0;
    std::size_t fields_ = 0;
};

} // namespace crier::detail
