#pragma once

#include <crier/wire/event.hpp>

#include <string>

namespace cat {

/// Of the event in which a server tells that events were lost, what it tells, in one sentence;
/// nothing of any other.
std::string explain_gap(const crier::event& told);

} // namespace cat
