#include "end_reason.hpp"

#include <crier/wire/errc.hpp>

#include <boost/asio/error.hpp>

namespace crier::detail {

end_reason end_reason_of(const boost::system::error_code& error) {
    return error == errc::client_left                     ? end_reason::client_left
         : error == errc::stalled                         ? end_reason::stalled
         : error == errc::shut_down                       ? end_reason::shutdown
         : error == errc::closed                          ? end_reason::finished
         : error == errc::overflow                        ? end_reason::overflow
         : error == boost::asio::error::operation_aborted ? end_reason::cancelled
                                                          : end_reason::write_error;
}

} // namespace crier::detail
