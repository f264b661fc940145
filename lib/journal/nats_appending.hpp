#pragma once

#include <crier/pubsub/journal.hpp>

#include "nats_acknowledgements.hpp"
#include "nats_stream.hpp"
#include "nats_subscription.hpp"

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crier::detail {

/// Adds entries to a stream, each once. On one thread.
class nats_appending {
public:
    /// Finds the number of a message of a topic by its id, among those after a number.
    using finder = std::function<boost::system::result<std::optional<std::uint64_t>>(
        std::string_view topic, std::uint64_t after, std::string_view id)>;

    /// Errors: throws `journal_error`.
    nats_appending(nats_stream& to, finder find);

    /// As `shared_journal::append`.
    boost::system::error_code append(std::span<journal_entry> entries);

private:
    std::string id_of(std::uint64_t ticket) const;
    bool is_to_be_sent(journal_entry& entry) const;
    bool is_same_stream(std::span<const journal_entry> entries) const;
    boost::system::error_code send(journal_entry& entry);
    bool find_again(journal_entry& entry, boost::system::error_code& error);
    boost::system::error_code wait(nats_acknowledgements::load most);
    boost::system::error_code settle(std::span<journal_entry> entries);
    void purge_before(const journal_entry& entry);

    nats_stream& to_;
    finder find_;
    const std::string run_; ///< no other journal's
    const std::string inbox_;
    nats_acknowledgements answers_;
    std::uint64_t connection_ = 0; ///< its changes when the call began
    std::uint64_t newest_ = 0;     ///< that was known when the call began
    std::vector<std::uint64_t> tickets_;
    std::unique_ptr<nats_subscription> subscription_; ///< it uses the others
};

} // namespace crier::detail
