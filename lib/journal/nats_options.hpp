#pragma once

#include <crier/journal/nats_journal.hpp>

#include <nats/nats.h>

#include <memory>
#include <string>

namespace crier::detail {

using nats_options = std::unique_ptr<natsOptions, decltype(&natsOptions_Destroy)>;

/// Throws `std::invalid_argument` on options that make no sense.
void check(const nats_journal_options& options);

/// The servers as they may be shown: without user, password and token.
std::string shown_servers(const std::string& url);

/// How to connect, as libnats has it. Errors: throws `journal_error`, such as for a file that
/// cannot be read.
nats_options connecting(const nats_journal_options& options);

} // namespace crier::detail
