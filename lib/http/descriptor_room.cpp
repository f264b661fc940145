#include "descriptor_room.hpp"

#include "async/descriptor.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace crier::detail {

void make_room_for_descriptors(std::size_t many) noexcept {
    constexpr rlim_t most = 65'536; // half a megabyte of the kernel's
    rlimit allowed{};
    if (many == 0 || ::getrlimit(RLIMIT_NOFILE, &allowed) != 0) {
        return;
    }
    const rlim_t last = std::min<rlim_t>({many, allowed.rlim_cur, most}) - 1;
    // The table never shrinks: that it was open is enough.
    const descriptor any{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; // NOLINT(*-vararg)
    const descriptor highest{control(any.get(), F_DUPFD_CLOEXEC, static_cast<int>(last))};
}

} // namespace crier::detail
