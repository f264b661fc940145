#pragma once

#include "client.hpp"
#include "settings.hpp"

#include <memory>
#include <vector>

namespace crier::model {

using all_clients = std::vector<std::unique_ptr<client>>;

/// Deals the readers: one for each client of HTTP/1.1, up to three for each of HTTP/2.
all_clients make_clients(town& in, const settings& with);

} // namespace crier::model
