#pragma once

#include <crier/wire/errc.hpp>

#include "journal_error.hpp"

#include <nats/nats.h>

#include <string>

namespace crier::detail {

/// What libnats says of the last call that failed on this thread.
inline std::string nats_words(natsStatus status) {
    const char* const said = nats_GetLastError(nullptr);
    return said != nullptr && *said != '\0' ? said : natsStatus_GetText(status);
}

inline void check_nats(natsStatus status, const char* what) {
    if (status != NATS_OK) {
        throw journal_error{errc::journal_unusable, what + (": " + nats_words(status))};
    }
}

} // namespace crier::detail
