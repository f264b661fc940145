#pragma once

#include <crier/http/serve.hpp>

#include "decision.hpp"
#include "healing.hpp"
#include "output.hpp"
#include "pubsub/core.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace crier::detail {

/// Told once how a session ended, on its executor.
class session_end {
public:
    virtual ~session_end() = default;
    virtual void operator()(end_reason reason, std::exception_ptr failure) = 0;
};

/// One stream: a subscriber and what it is written to. Whatever happens wakes it, and it does then
/// all that can be done without waiting, so that one that is idle is nothing but this object.
///
/// All on the executor of its shard. What it waits for keeps it, and in the end whoever began it.
/// Destroying it unsubscribes.
class session final : public reader, public std::enable_shared_from_this<session> {
public:
    session(std::shared_ptr<core> events, std::shared_ptr<shard> home, std::shared_ptr<sink> to,
        coding as);
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session() override;

    /// Answers the request as was decided: with a stream, or a reply in its place. What `subscribe`
    /// throws but for a shutdown, ends it before anything is written.
    void begin(decision decided, std::unique_ptr<session_end> then);

    /// Ends the stream properly where that takes no waiting, else as it is.
    void cut();

    void wake() override;
    bool take(const entry_ptr& only, clock::time_point now) override;
    void close() override;
    void fetch() const noexcept override;

private:
    enum class phase : std::uint8_t { answering, streaming, ending, closing, over };

    backlog& pending() const noexcept { return seat_->pending; }
    void answer(decision decided);
    void subscribe(std::vector<topic_options> topics, const subscribe_options& where);
    void advance();
    void flush();
    bool flush_own();
    boost::system::error_code end_of() const;
    void stream();
    bool refill();
    void begin_healing();
    void healed(std::vector<frame> frames);
    void end(boost::system::error_code why);
    void arm();
    void let_go();
    void complete();

    // What every event touches comes first. The seat stands in a list of its home, and goes first.
    const std::shared_ptr<shard> home_;
    const std::shared_ptr<subscriber> seat_;
    output out_;
    phase phase_ = phase::answering;
    end_reason reason_ = end_reason::write_error;
    bool counted_ = false;
    bool busy_ = false;
    bool cut_ = false;
    bool closed_ = false;
    std::unique_ptr<boost::asio::cancellation_signal> healing_;
    /// What is written before events, or after them.
    std::string own_;
    const std::shared_ptr<core> events_;
    alarm alarm_{*this};
    std::unique_ptr<const gap_handler> on_gap_;
    std::unique_ptr<session_end> then_;
    std::exception_ptr failure_;
    clock::time_point now_{};
    clock::time_point give_up_ = clock::time_point::max();
};

} // namespace crier::detail
