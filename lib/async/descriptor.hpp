#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace crier::detail {

/// The system's `fcntl`, with a number.
inline int control(int descriptor, int command, int value = 0) noexcept {
    return ::fcntl(descriptor, command, value); // NOLINT(*-vararg)
}

/// A file descriptor, which is closed at its end. Less than 0: none.
class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int number) noexcept : number_{number} {}
    descriptor(descriptor&& from) noexcept : number_{from.release()} {}
    descriptor& operator=(descriptor&& from) noexcept {
        std::swap(number_, from.number_);
        return *this;
    }
    ~descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }

    int get() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }

    explicit operator bool() const noexcept { return number_ >= 0; }

private:
    int number_ = -1;
};

} // namespace crier::detail
