#pragma once

#include "load/checks.hpp"

namespace bench::load {

/// HTTP/2 and TLS, against a server in this process.
void check_protocols(checks& check);

} // namespace bench::load
