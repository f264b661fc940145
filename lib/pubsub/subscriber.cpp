#include "subscriber.hpp"

#include "topic.hpp"

#include <utility>

namespace crier::detail {

subscriber::subscriber(reader& by, bool tells_gaps, std::shared_ptr<memory_account> account)
    : read_by{&by}, pending{queue_limits{}, tells_gaps, std::move(account)} {}

subscriber::~subscriber() = default;

} // namespace crier::detail
