#pragma once

namespace bench::load {

/// Reads streams of a server of its own and compares what is counted with what was sent. Says
/// what is wrong and whether nothing is.
bool self_test();

} // namespace bench::load
