#pragma once

#include <crier/http/end_reason.hpp>

#include <boost/system/error_code.hpp>

namespace crier::detail {

/// The reason that a stream ended for, by the error that ended it.
end_reason end_reason_of(const boost::system::error_code& error);

} // namespace crier::detail
