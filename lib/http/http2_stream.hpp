#pragma once

#include <crier/async/signal.hpp>
#include <crier/http/sink.hpp>

#include "http2_request.hpp"

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <memory>

namespace crier::detail {

class http2_connection;

struct open_streams;
struct waiting_streams;
using open_stream = boost::intrusive::list_base_hook<boost::intrusive::tag<open_streams>,
    boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using waiting_stream = boost::intrusive::list_base_hook<boost::intrusive::tag<waiting_streams>,
    boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// One stream of an HTTP/2 connection: a request while it comes in, then where its response is
/// written.
class http2_stream final : public sink, public open_stream, public waiting_stream {
public:
    http2_stream(http2_connection& of, std::int32_t id, clock::time_point now)
        : incoming{std::make_unique<http2_request>(now)}, connection_{&of}, id_{id} {}

    std::int32_t id() const noexcept { return id_; }

    std::size_t write_some(buffers bytes, boost::system::error_code& error) override;
    void watch_peer() override {}
    void finish() override;
    void cancel() override;
    void limit_buffering(std::size_t bytes, std::chrono::milliseconds longest) override;

    /// Whether the client, or the connection, has ended it.
    bool has_ended() const noexcept { return connection_ == nullptr; }

    /// Set once it has ended.
    void tell(signal* whom) noexcept { told_ = whom; }

    // For the connection:

    std::unique_ptr<http2_request> incoming; ///< none once it has come in
    std::shared_ptr<http2_stream> kept;      ///< itself, until it has ended
    std::uint32_t turn = 0;                  ///< in which it has written last
    std::uint32_t written_in_turn = 0;
    bool has_head = false;     ///< of the response
    bool is_finished = false;  ///< the body of the response is whole
    bool is_resumable = false; ///< as it is a manager's stream
    bool waits_for_window = false;

    void go_on() { wake_user(); }

    /// The connection, which holds it no more, goes on without it.
    void end(boost::system::error_code why) noexcept;

private:
    http2_connection* connection_;
    signal* told_ = nullptr;
    const std::int32_t id_;
};

} // namespace crier::detail
