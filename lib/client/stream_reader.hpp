#pragma once

#include <crier/client/options.hpp>
#include <crier/wire/parser.hpp>

#include "backoff.hpp"
#include "ending.hpp"
#include "flow.hpp"
#include "source_state.hpp"
#include "stream_opener.hpp"

#include <boost/system/error_code.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace crier::detail {

/// The coroutine of an `event_source`: it makes one connection after the other, and gives the
/// source what it reads.
class stream_reader {
public:
    /// Errors: throws as the constructor of `event_source`.
    stream_reader(
        std::shared_ptr<source_state> source, std::string_view url, event_source_options options);
    stream_reader(const stream_reader&) = delete;
    stream_reader& operator=(const stream_reader&) = delete;

    /// Reads until the source is closed, by its owner or for good.
    static flow<void> run(std::unique_ptr<stream_reader> self);

private:
    flow<void> connect_until_closed();
    flow<ending> attempt();
    bool gives_up_after(const ending& why) const;
    std::string_view id_to_send();
    flow<ending> read(opened_stream stream);
    flow<boost::system::error_code> read_events(std::string_view bytes);
    flow<void> wait_after(const ending& why);
    std::chrono::milliseconds reconnection_time() const;
    parser_options options_of_parser();
    void tell(const response_info& head) const;

    const std::shared_ptr<source_state> source_;
    const event_source_options options_;
    stream_opener opener_;
    parser parser_;
    backoff backoff_;
    std::string unsendable_id_; ///< of which was told last
};

} // namespace crier::detail
