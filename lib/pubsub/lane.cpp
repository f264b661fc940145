#include "lane.hpp"

#include "shard.hpp"
#include "topic.hpp"

namespace crier::detail {

lane::lane() = default;
lane::~lane() = default;

void lane::run(shard& by) noexcept { by.end(*this, subscriber::ending::shut_down); }

void lane::release() noexcept { intrusive_ptr_release(this); }

} // namespace crier::detail
