#pragma once

#include <cmath>
#include <iostream>
#include <string>

namespace bench::load {

/// Counts what is right and says what is not.
class checks {
public:
    template <class Found, class Wanted>
    void equal(const std::string& what, const Found& found, const Wanted& wanted) {
        verify(found == wanted, what, found, wanted);
    }

    void near(const std::string& what, double found, double wanted, double part) {
        verify(std::abs(found - wanted) <= wanted * part, what, found, wanted);
    }

    void is(bool right, const std::string& what) { verify(right, what, right, true); }

    bool conclude() const {
        std::cout << "self-test: " << count_ << " checks, " << failed_ << " failed\n" << std::flush;
        return failed_ == 0;
    }

private:
    template <class Found, class Wanted>
    void verify(bool right, const std::string& what, const Found& found, const Wanted& wanted) {
        ++count_;
        if (!right) {
            ++failed_;
            std::cout << what << ": " << found << " instead of " << wanted << '\n';
        }
    }

    unsigned count_ = 0;
    unsigned failed_ = 0;
};

} // namespace bench::load
