#include "report.hpp"

#include <algorithm>
#include <iostream>
#include <stdexcept>

namespace crier::model {

std::size_t report::tell(const std::vector<sightings>& seen, const settings& with) {
    for (const sightings& each : seen) {
        all.add(each);
    }
    complain(all.complaints());
    finding sum;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const finding one = check(seen[i], all, with);
        const std::string who = "client " + std::to_string(i) + ": ";
        tell_some(who, seen[i].complaints);
        tell_some(who, one.violations);
        for (const std::string& line : one.history) {
            std::cout << "    " << line << '\n';
        }
        sum.received += one.received;
        sum.in_gaps += one.in_gaps;
        for (std::size_t why = 0; why < sum.gaps.size(); ++why) {
            sum.gaps[why] += one.gaps[why];
        }
    }
    tell_sum(sum);
    if (sum.received == 0) {
        throw std::runtime_error{"nothing was received\n"};
    }
    return violations_;
}

/// The first of them.
void report::tell_some(const std::string& of, const std::vector<std::string>& violations) {
    constexpr std::size_t few = 5;
    for (std::size_t i = 0; i < std::min(few, violations.size()); ++i) {
        std::cout << of << violations[i] << '\n';
    }
    violations_ += violations.size();
}

void report::tell_sum(const finding& sum) const {
    std::cout << events << " events acknowledged, " << all.size() << " published in "
              << all.epochs() << " epochs, " << sum.received << " received over " << connections
              << " connections, " << sum.in_gaps << " missing in gaps:";
    for (std::size_t why = 0; why < sum.gaps.size(); ++why) {
        std::cout << ' ' << sum.gaps[why] << ' ' << to_string(static_cast<gap_reason>(why));
    }
    std::cout << '\n'
              << done.total() << " disturbances: " << done.text() << "; " << violations_
              << " violations" << std::endl;
}

} // namespace crier::model
