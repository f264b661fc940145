#include "http/encryption.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

TEST_CASE("TLS that is not built in is refused, and what it would need is said") {
    CHECK_THROWS_WITH_AS(crier::detail::make_encryption(
                             {.certificates = {{.chain = "chain.pem", .key = "key.pem"}}}, false),
        "this crier is built without TLS: it needs OpenSSL, and -Dtls=enabled",
        std::invalid_argument);
}
