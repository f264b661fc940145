#pragma once

#include <crier/async/clock.hpp>
#include <crier/client/options.hpp>

#include "async/durations.hpp"
#include "callback.hpp"
#include "source_state.hpp"

#include <boost/system/error_code.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace crier::detail {

/// Watches one read of an open stream: tells `on_silence` once when it takes too long, and once
/// more when it has brought bytes after that.
class silence_watch {
public:
    /// Lifetime: the source and the options must outlive it.
    silence_watch(source_state& source, const event_source_options& options) {
        if (!options.on_silence || options.silence_after >= never) {
            return;
        }
        reading_ = std::make_shared<reading>(reading{source, options.on_silence});
        timer_.emplace(source.get_executor(), options.silence_after);
        timer_->async_wait(
            [watched = std::weak_ptr<reading>{reading_}](boost::system::error_code error) {
                if (const auto still = error ? nullptr : watched.lock()) {
                    tell_of_silence(*still);
                }
            });
    }

    /// Bytes have come: from here on there is no silence.
    ///
    /// Errors: throws `callback_failure`.
    void heard() {
        timer_.reset();
        const std::shared_ptr<reading> over = std::exchange(reading_, nullptr);
        if (over && over->is_told) {
            tell(*over, true);
        }
    }

private:
    struct reading {
        source_state& source;
        const std::function<void(const silence&)>& on_silence;
        clock::time_point begin = clock::now();
        bool is_told = false;
    };

    /// No callback is called any more once the source is closed.
    static void tell(const reading& of, bool is_over) {
        using std::chrono::milliseconds;
        if (of.source.state() == ready_state::open) {
            const auto lasted = std::chrono::floor<milliseconds>(clock::now() - of.begin);
            call(of.on_silence, silence{.lasted = lasted, .is_over = is_over});
        }
    }

    /// Nobody is there to throw to: the coroutine still reads.
    static void tell_of_silence(reading& of) noexcept {
        of.is_told = true;
        try {
            tell(of, false);
        } catch (const callback_failure& failure) {
            of.source.fail(failure.thrown);
        }
    }

    std::shared_ptr<reading> reading_;
    std::optional<timer> timer_;
};

} // namespace crier::detail
