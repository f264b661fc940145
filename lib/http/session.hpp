#pragma once

#include "decision.hpp"
#include "event_output.hpp"
#include "healing.hpp"
#include "pubsub/manager_state.hpp"
#include "pubsub/shard_executor.hpp"

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

namespace crier::detail {

/// Told once how a session ended, on its shard, or that its context has gone before.
class session_end {
public:
    virtual void ended(end_reason reason, const std::exception_ptr& failure) noexcept = 0;
    virtual void abandoned() noexcept = 0;

protected:
    ~session_end() = default;
};

/// One stream: a subscriber, what it is written to, and the coroutine that writes; the coroutine
/// owns the session until it ends. All on its shard.
class session final : public subscriber, public boost::intrusive::list_base_hook<> {
public:
    using context_hook = boost::intrusive::list_base_hook<>;

    /// `then` must live until it is told.
    static boost::intrusive_ptr<session> make(std::shared_ptr<manager_state> events,
        std::shared_ptr<shard> on, std::shared_ptr<sink> to, decision decided, session_end& then);
    ~session() override;

    /// Answers the request as was decided: with a stream, or a reply in its place.
    void start();

    /// Cuts the stream: ends it now, properly where that takes no waiting, else as it is.
    void cut();

    bool belongs_to(const session_end& whom) const noexcept { return then_ == &whom; }

    void wake() override;
    bool take(const entry_ptr& only, clock::time_point now) override;
    void fetch_ahead() const noexcept override;

    /// From here on nobody is told of its end.
    void disown() noexcept;

    /// Destroys the coroutine that waits.
    void context_gone() noexcept;

private:
    session(std::shared_ptr<manager_state> events, std::shared_ptr<shard> on,
        std::shared_ptr<sink> to, decision&& decided, session_end& then);

    enum class phase : std::uint8_t { streaming, sending_the_end, closing };

    static shard_coroutine stream(session* self);

    void begin() noexcept;
    void open();
    reply answer_without_subscription(const decision& decided);
    bool go_on();
    bool go_on_streaming();
    bool take_turn();
    void write_what_waits(clock::time_point now);
    boost::system::error_code why_cut() const noexcept;
    bool note_failure(clock::time_point now);
    bool is_at_a_gap() const noexcept;
    bool has_nothing_waiting() const noexcept;
    bool has_past_to_read() const noexcept;
    bool has_nothing_to_do() const noexcept;
    void heal();
    void note_healed(bool is_healed) noexcept;
    void read_on(clock::time_point now);
    bool is_read_to_the_end() const noexcept;
    void keep_alive(clock::time_point now);
    void end_body();
    bool go_on_sending_the_end();
    void close() noexcept;
    void tell_end(const std::exception_ptr& failure) noexcept;

    // What every event touches comes first.

    /// The coroutine waits, and nothing waits to be written.
    bool is_idle_ = false;
    bool is_cut_ = false;
    bool is_open_ = false;
    phase phase_ = phase::streaming;
    end_reason reason_ = end_reason::write_error;
    const coding coding_;
    event_output out_;
    const std::shared_ptr<shard> shard_;
    std::unique_ptr<decision> decided_;
    std::unique_ptr<healing> healing_;
    clock::time_point give_up_ = clock::time_point::max();
    const std::shared_ptr<manager_state> events_;
    session_end* then_;
    std::exception_ptr failure_;
};

} // namespace crier::detail
