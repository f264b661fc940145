#pragma once

namespace crier::detail {

/// Something that is woken when its state may have changed, and then looks for the change itself.
class wakeable {
public:
    virtual void wake() = 0;

protected:
    ~wakeable() = default;
};

} // namespace crier::detail
