#pragma once

#include "database.hpp"

namespace crier::detail {

/// Makes an empty database one of a journal, and checks any other.
///
/// Errors: throws `journal_error` where it is none, or one of a newer version.
void open_schema(database& in);

} // namespace crier::detail
