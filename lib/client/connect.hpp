#pragma once

#include <crier/async/clock.hpp>

#include "flow.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace crier::detail {

/// The addresses by turns of their family, that of the first one first.
/// Source: RFC 8305, section 4.
std::vector<boost::asio::ip::tcp::endpoint> interleaved(
    const std::vector<boost::asio::ip::tcp::endpoint>& endpoints);

/// When which of several addresses is tried: the next one when one has failed, or when none has
/// answered for a while. Source: RFC 8305, section 5.
class connect_schedule {
public:
    static constexpr clock::duration delay = std::chrono::milliseconds{250};

    connect_schedule(std::size_t addresses, clock::time_point now) noexcept
        : addresses_{addresses}, next_{now} {}

    /// The index of an address whose turn has come. The next one's is a delay later.
    std::optional<std::size_t> due(clock::time_point now) noexcept;

    /// An attempt has failed: the next one's turn has come.
    void failed(clock::time_point now) noexcept;

    /// Whether all have been tried, and have failed.
    bool is_over() const noexcept { return failed_ == addresses_; }

    /// When the next one's turn comes; the end of time where there is none.
    clock::time_point next() const noexcept;

private:
    std::size_t addresses_;
    std::size_t started_ = 0;
    std::size_t failed_ = 0;
    clock::time_point next_;
};

/// Connects to the first address that answers.
/// Errors: throws the first address's where none does; `errc::connect_timeout`.
flow<boost::asio::ip::tcp::socket> connect_to_any(
    std::vector<boost::asio::ip::tcp::endpoint> endpoints, clock::time_point deadline);

} // namespace crier::detail
