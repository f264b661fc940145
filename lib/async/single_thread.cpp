#include <crier/async/single_thread.hpp>

namespace crier {
namespace {

namespace asio = boost::asio;

class promise final : public asio::execution_context::service {
public:
    using key_type = promise;
    inline static asio::execution_context::id id;

    explicit promise(asio::execution_context& context) : service{context} {}
    void shutdown() noexcept override {}

    asio::io_context* given_by = nullptr;
};

} // namespace

void promise_single_thread(asio::io_context& context) {
    asio::use_service<promise>(context).given_by = &context;
}

asio::any_io_executor single_thread_executor(const asio::any_io_executor& executor) {
    asio::execution_context& context = asio::query(executor, asio::execution::context);
    if (!asio::has_service<promise>(context)) {
        return {};
    }
    return asio::use_service<promise>(context).given_by->get_executor();
}

} // namespace crier
