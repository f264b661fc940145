// Checks what clients of whole hubs see while these are killed, stopped, ended and cut off at
// random.

#include "run.hpp"
#include "settings.hpp"

#include <exception>
#include <iostream>

int main(int argc, char** argv) try {
    const crier::model::settings with = crier::model::settings_from(argc, argv);
    const bool expected = with.broken.empty();
    std::cout << "seed " << with.seed << std::endl;
    const bool kept = crier::model::run{with}.go() == 0;
    if (kept != expected) {
        std::cout << (expected ? "the contract is broken" : "what is broken was not found")
                  << ": seed " << with.seed << std::endl;
    }
    return kept == expected ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
}
