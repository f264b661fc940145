#include "subscriber.hpp"

#include "shard.hpp"
#include "topic.hpp"

namespace crier::detail {

subscriber::~subscriber() = default;

void joining::run(shard& on) noexcept { on.join(static_cast<subscriber&>(*this)); }

void joining::release() noexcept { intrusive_ptr_release(static_cast<subscriber*>(this)); }

void leaving::run(shard& on) noexcept { on.leave(static_cast<subscriber&>(*this)); }

void leaving::release() noexcept { intrusive_ptr_release(static_cast<subscriber*>(this)); }

} // namespace crier::detail
