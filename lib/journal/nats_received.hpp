#pragma once

#include <nats/nats.h>

#include <charconv>
#include <cstddef>
#include <memory>
#include <string_view>

namespace crier::detail {

/// A message that NATS has delivered. The views are valid as long as it is.
class nats_received {
public:
    explicit nats_received(natsMsg* message) noexcept : message_{message, natsMsg_Destroy} {}

    std::string_view subject() const noexcept { return text(natsMsg_GetSubject(get())); }
    std::string_view reply() const noexcept { return text(natsMsg_GetReply(get())); }

    std::string_view payload() const noexcept {
        const char* const data = natsMsg_GetData(get());
        return data == nullptr
                 ? std::string_view{}
                 : std::string_view{data, static_cast<std::size_t>(natsMsg_GetDataLength(get()))};
    }

    /// Nothing: there is none. Names are compared as they are written.
    std::string_view header(const char* name) const noexcept {
        const char* value = nullptr;
        return natsMsgHeader_Get(get(), name, &value) == NATS_OK ? text(value) : std::string_view{};
    }

    bool has_header(const char* name) const noexcept {
        const char* value = nullptr;
        return natsMsgHeader_Get(get(), name, &value) == NATS_OK;
    }

    /// What the server says instead of sending a message, such as 404 or 503; 0: this is one. What
    /// a stream holds may have such a header too, but comes with a subject for replies, or a
    /// payload.
    int status() const noexcept {
        const bool may_be = payload().empty() && reply().empty();
        const std::string_view digits = may_be ? header("Status") : std::string_view{};
        int found = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), found);
        return found;
    }

    natsMsg* get() const noexcept { return message_.get(); }

private:
    static std::string_view text(const char* from) noexcept {
        return from == nullptr ? std::string_view{} : std::string_view{from};
    }

    std::unique_ptr<natsMsg, decltype(&natsMsg_Destroy)> message_;
};

} // namespace crier::detail
