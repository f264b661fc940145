#include <crier/pubsub/single_thread.hpp>

namespace crier {
namespace {

namespace asio = boost::asio;

class promise final : public asio::execution_context::service {
public:
    using key_type = promise;
    inline static asio::execution_context::id id;

    explicit promise(asio::execution_context& context) : service{context} {}
    void shutdown() noexcept override {}
};

} // namespace

void promise_single_thread(asio::execution_context& context) {
    asio::use_service<promise>(context);
}

bool has_single_thread(const asio::any_io_executor& executor) {
    return asio::has_service<promise>(asio::query(executor, asio::execution::context));
}

} // namespace crier
