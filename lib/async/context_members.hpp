#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/intrusive/list.hpp>

#include <mutex>

namespace crier::detail {

/// All objects of a kind that belong to an execution context. What waits often owns, in the end,
/// the object that it waits for; the context breaks that circle when it is destroyed, as it does
/// for its own waits, and calls `context_gone` of each.
///
/// Thread safety: any thread.
template <class Member>
class context_members final : public boost::asio::execution_context::service {
public:
    using key_type = context_members;
    inline static boost::asio::execution_context::id id;

    explicit context_members(boost::asio::execution_context& of) : service{of} {}

    static context_members& of(const boost::asio::any_io_executor& executor) {
        return boost::asio::use_service<context_members>(
            boost::asio::query(executor, boost::asio::execution::context));
    }

    void add(Member& added) noexcept {
        const std::lock_guard lock{mutex_};
        all_.push_back(added);
    }

    void remove(Member& removed) noexcept {
        const std::lock_guard lock{mutex_};
        if (static_cast<const hook&>(removed).is_linked()) {
            all_.erase(all_.iterator_to(removed));
        }
    }

    /// Calls `use` with each that is there now, without the lock: each may go by it.
    template <class Use>
    void for_each(Use use) {
        list left;
        {
            const std::lock_guard lock{mutex_};
            left.swap(all_);
        }
        while (!left.empty()) {
            Member& next = left.front();
            left.pop_front();
            add(next);
            use(next);
        }
    }

    /// Calls `context_gone` of each, and has none then.
    void shutdown() noexcept override {
        while (Member* const left = take_first()) {
            left->context_gone();
        }
    }

private:
    using hook = typename Member::context_hook;
    using list = boost::intrusive::list<Member, boost::intrusive::base_hook<hook>,
        boost::intrusive::constant_time_size<false>>;

    Member* take_first() noexcept {
        const std::lock_guard lock{mutex_};
        if (all_.empty()) {
            return nullptr;
        }
        Member& first = all_.front();
        all_.pop_front();
        return &first;
    }

    std::mutex mutex_;
    list all_;
};

} // namespace crier::detail
