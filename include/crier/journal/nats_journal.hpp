#pragma once

#include <crier/export.hpp>
#include <crier/pubsub/shared_journal.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace crier {

/// How a journal gets to its NATS servers, and what these keep. The limits, `replicas` and
/// `duplicates` are for a stream that is not there yet: one that is there is used as it is.
struct nats_journal_options {
    /// "nats://HOST:PORT", more servers of one cluster after commas; "tls://..." for TLS.
    std::string url = "nats://127.0.0.1:4222";
    /// The name of the stream: 1 to 64 letters, digits, "-" and "_".
    std::string stream{};
    int replicas = 1;                 ///< servers that keep each event: 1 to 5
    std::size_t events = 1'000;       ///< of each topic; at least 1
    std::size_t bytes = 0;            ///< of all topics together; 0: without limit
    std::chrono::milliseconds age{0}; ///< of an event; zero or less: without limit
    std::string user{};               ///< instead of one in the URL
    std::string password{};           ///< of `user`
    std::string token{};              ///< instead of a user
    std::string credentials_file{};   ///< a user's JWT and seed: a ".creds" file
    bool tls = false;                 ///< as if the URL began with "tls://"
    std::string ca_file{};            ///< PEM; empty: the system's
    std::string certificate_file{};   ///< PEM, with its chain: the client's
    std::string key_file{};           ///< PEM: the certificate's
    /// How long to wait for a server to let the program in. No call takes much longer than that to
    /// find that the servers are away. Zero or less: the default; at most 10 s.
    std::chrono::milliseconds connect_timeout{1'000};
};

/// A journal in a stream of NATS JetStream, which the managers of several nodes share.
///
///     crier::nats_journal journal{{.url = "nats://127.0.0.1:4222", .stream = "example"}};
///
/// The stream STREAM keeps a topic's events under the subject STREAM.e.TOPIC, and sends what it has
/// kept to STREAM.live.TOPIC. There TOPIC is the topic's name, with "=XX" for each byte but
/// letters, digits, "-" and "_"; a topic without a name is "=". What any client of NATS publishes
/// to STREAM.e.TOPIC is an event with that data, if it is valid UTF-8.
///
/// The stream is made where there is none: in files, with the limits of the options, and a window
/// for duplicates of two minutes. One that is there needs RePublish from STREAM.e.> to
/// STREAM.live.> and AllowDirect. The limits that count are the stream's: `keep` shortens what is
/// read of a topic, and lengthens nothing. The stream's age removes what a topic retains, too.
///
/// The stream's time of creation makes the epoch. A stream that is deleted and made again has
/// another: the journal is unavailable from then on, until the program is started again.
///
/// Each append sends all events at once, and waits for the servers to have them. It gives up after
/// about a second without an answer, and sends what had none again when it is called the next time,
/// with the same id of the message: the servers, and this journal where their window of two minutes
/// is over, see to it that no event is kept twice.
///
/// A connection that is lost is made again for ever, to any of the servers of the URL.
///
/// Errors: `errc::journal_unavailable` while no server is reached, or none leads the stream. Those
/// of entries: `message_size` of `boost::system::errc` for an event that is greater than what the
/// servers take, `no_space_on_device` while the stream is full, `errc::invalid_topic` for a topic
/// of over 1,024 bytes, and `errc::journal_unusable` for what the servers refuse otherwise.
///
/// Thread safety: as a `journal`. Threads: two of its own, and those of libnats, whose pool for the
/// delivery of messages must be left at one thread, so that the order of events is kept: see
/// `nats_SetMessageDeliveryPoolSize`. Lifetime: its destruction needs all calls to have returned.
/// Source: https://docs.nats.io/nats-concepts/jetstream
class CRIER_EXPORT nats_journal final : public shared_journal {
public:
    /// Connects to a server, and opens the stream, or makes it.
    ///
    /// Errors: throws `std::invalid_argument` on options that make no sense, and `system_error`
    /// with a message such as "cannot use the stream example at nats://127.0.0.1:4222 as a journal:
    /// no server is reached". Its code is `errc::journal_unavailable` where no server can be used
    /// now, and `errc::journal_unusable` where one lets nobody in with these credentials, has no
    /// JetStream, or has a stream of that name that does not serve. No message tells a password.
    explicit nats_journal(const nats_journal_options& options);
    nats_journal(const nats_journal&) = delete;
    nats_journal& operator=(const nats_journal&) = delete;
    ~nats_journal() override;

    boost::system::result<numbering> begin() override;
    boost::system::error_code keep(
        std::string_view topic, const history_limits& history, retention retain) override;
    boost::system::error_code append(std::span<journal_entry> entries) override;
    boost::system::error_code forget(
        std::string_view topic, std::optional<std::string_view> key) override;
    boost::system::result<journal_page> read(std::string_view topic, std::uint64_t after,
        std::size_t events, std::size_t bytes) override;
    boost::system::result<journal_page> read_retained(std::string_view topic, std::uint64_t after,
        std::size_t events, std::size_t bytes) override;
    boost::system::result<std::optional<std::uint64_t>> find(
        std::string_view topic, std::string_view own_id) override;
    void end() noexcept override;

    void listen(journal_listener* to) noexcept override;
    boost::system::error_code follow(std::span<const std::string_view> topics) override;
    void unfollow(std::string_view topic) noexcept override;
    boost::system::result<std::uint64_t> newest() override;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

} // namespace crier
