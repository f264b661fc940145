#pragma once

namespace crier::detail {

/// What is told that something may have changed for it, and looks by itself at what that is.
class wakeable {
public:
    virtual void wake() = 0;

protected:
    ~wakeable() = default;
};

} // namespace crier::detail
