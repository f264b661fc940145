#include "lane.hpp"

#include "shard.hpp"
#include "topic.hpp"

namespace crier::detail {

lane::lane() = default;
lane::~lane() = default;

void lane::run(shard& by) noexcept { by.end(*this, end_kind::shut_down); }

void lane::release() noexcept { intrusive_ptr_release(this); }

} // namespace crier::detail
