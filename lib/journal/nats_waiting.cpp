#include "nats_waiting.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace crier::detail {

std::optional<std::uint64_t> number_at_end(std::string_view subject) noexcept {
    const std::string_view digits = subject.substr(subject.rfind('.') + 1);
    const char* const end = digits.data() + digits.size();
    std::uint64_t number = 0;
    const auto [stopped, error] = std::from_chars(digits.data(), end, number);
    return error == std::errc{} && stopped == end ? std::optional{number} : std::nullopt;
}

nats_waiting::replies::replies(nats_waiting& in, std::size_t numbers, std::size_t per_number)
    : replies{in, numbers, per_number, std::scoped_lock{in.lock_}} {}

nats_waiting::replies::replies(nats_waiting& in, std::size_t numbers, std::size_t per_number,
    const std::scoped_lock<std::mutex>& /*held*/)
    : in_{in},
      first_{in.next_},
      connection_{in.connection_},
      per_number_{per_number},
      found_(numbers) {
    in.waiting_.push_back(this);
    in.next_ += numbers;
}

nats_waiting::replies::~replies() {
    const std::scoped_lock locked{in_.lock_};
    std::erase(in_.waiting_, this);
}

std::size_t nats_waiting::replies::done() {
    const std::scoped_lock locked{in_.lock_};
    return done_;
}

bool nats_waiting::replies::wait(std::size_t done, std::chrono::milliseconds timeout) {
    std::unique_lock locked{in_.lock_};
    std::size_t had = got_;
    auto until = std::chrono::steady_clock::now() + timeout;
    while (done_ < done && !in_.is_ending_ && connection_ == in_.connection_) {
        if (in_.changed_.wait_until(locked, until) == std::cv_status::timeout && got_ == had) {
            return done_ >= done;
        }
        if (got_ != had) {
            had = got_;
            until = std::chrono::steady_clock::now() + timeout;
        }
    }
    return done_ >= done;
}

std::vector<nats_received> nats_waiting::replies::take() {
    const std::scoped_lock locked{in_.lock_};
    std::vector<nats_received> all;
    all.reserve(got_);
    for (auto& each : found_) {
        std::ranges::move(each, std::back_inserter(all));
    }
    found_.clear();
    return all;
}

void nats_waiting::replies::add(std::size_t number, nats_received reply) {
    auto& of = found_[number];
    const auto is_last = [this](const std::vector<nats_received>& got) {
        return !got.empty() && (got.size() >= per_number_ || got.back().status() != 0);
    };
    if (is_last(of)) {
        return;
    }
    of.push_back(std::move(reply));
    ++got_;
    done_ += is_last(of) ? 1 : 0;
}

void nats_waiting::arrived(nats_received reply) {
    if (const auto number = number_at_end(reply.subject())) {
        arrived(*number, std::move(reply));
    }
}

void nats_waiting::arrived(std::uint64_t number, nats_received reply) {
    const std::scoped_lock locked{lock_};
    const auto found = std::ranges::find_if(waiting_, [number](const replies* each) {
        return number >= each->first_ && number - each->first_ < each->found_.size();
    });
    if (found != waiting_.end()) {
        (*found)->add(number - (*found)->first_, std::move(reply));
        changed_.notify_all();
    }
}

void nats_waiting::lose_connection() noexcept {
    const std::scoped_lock locked{lock_};
    ++connection_;
    changed_.notify_all();
}

void nats_waiting::end() noexcept {
    const std::scoped_lock locked{lock_};
    is_ending_ = true;
    changed_.notify_all();
}

} // namespace crier::detail
