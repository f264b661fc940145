#include <crier/wire/errc.hpp>

#include <iostream>

int main() {
    const boost::system::error_code error = crier::errc::closed;
    std::cout << error.category().name() << ": " << error.message() << '\n';
    return error ? 0 : 1;
}
