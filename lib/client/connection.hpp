#pragma once

#include <crier/async/clock.hpp>

#include "flow.hpp"
#include "response_reader.hpp"
#include "route.hpp"
#include "tls_client.hpp"
#include "transport.hpp"
#include "url.hpp"

#include <boost/beast/core/flat_buffer.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace crier::detail {

/// A connection for one request, and its response. Its flows throw `system_error`.
class connection {
public:
    /// Connects to a server on the given way, and turns to TLS where the URL asks for it, each in
    /// its time.
    static flow<std::unique_ptr<connection>> open(
        const http_url& to, const route& by, const event_source_options& options, tls_client& tls);

    explicit connection(stream_socket socket) : transport_{std::move(socket)} {}

    /// Sends a request and reads the response's header.
    flow<response_info> ask(std::string request, clock::duration longest);

    /// The next piece of the body, a view that holds until the next call; empty at the end. It may
    /// take the given time, or any where that is `never`.
    flow<std::string_view> read(clock::duration longest);

    /// The first bytes of the body, so many at most: what of them comes in the time, and before an
    /// error.
    flow<std::string> read_start(std::size_t most, clock::duration longest);

private:
    flow<void> ask_for_tunnel(const proxy& through, const http_url& to, clock::time_point deadline);
    flow<response_info> write_and_read_head(std::string_view request);
    flow<response_info> read_head();
    flow<std::string_view> read_body();
    flow<void> read_more();
    bool parse();

    transport transport_;
    std::unique_ptr<response_reader> reader_;
    boost::beast::flat_buffer buffer_{2 * response_reader::header_limit};
    std::size_t parsed_ = 0; ///< bytes of the buffer that are done with, but for views of them
};

} // namespace crier::detail
