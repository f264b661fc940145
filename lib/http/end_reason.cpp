#include "end_reason.hpp"

#include <crier/wire/errc.hpp>

#include <boost/asio/error.hpp>

namespace crier {

std::string_view to_string(end_reason reason) noexcept {
    switch (reason) {
    case end_reason::client_left: return "client_left";
    case end_reason::stalled: return "stalled";
    case end_reason::shutdown: return "shutdown";
    case end_reason::ended: return "ended";
    case end_reason::write_error: return "write_error";
    case end_reason::cancelled: return "cancelled";
    case end_reason::refused: return "refused";
    case end_reason::overflow: return "overflow";
    case end_reason::preflight: return "preflight";
    case end_reason::head: return "head";
    case end_reason::topic_closed: return "topic_closed";
    }
    return "unknown";
}

} // namespace crier

namespace crier::detail {

end_reason end_reason_of(const boost::system::error_code& error) {
    return error == errc::client_left                     ? end_reason::client_left
         : error == errc::stalled                         ? end_reason::stalled
         : error == errc::shut_down                       ? end_reason::shutdown
         : error == errc::closed                          ? end_reason::ended
         : error == errc::overflow                        ? end_reason::overflow
         : error == boost::asio::error::operation_aborted ? end_reason::cancelled
                                                          : end_reason::write_error;
}

} // namespace crier::detail
