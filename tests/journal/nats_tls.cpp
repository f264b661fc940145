#include <crier/journal/nats_journal.hpp>

#include "support/certificate.hpp"
#include "support/nats_server.hpp"
#include "support/temporary.hpp"

#include <boost/system/system_error.hpp>
#include <doctest/doctest.h>

#include <string>

using namespace crier::test;
using crier::nats_journal;
using crier::nats_journal_options;

namespace {

/// A server that wants TLS, by the certificate of "localhost".
struct tls_nats {
    const certificate of{"DNS:localhost"};
    const temporary_file file{of.pem()};
    const temporary_file key{of.key_pem()};

    std::string configuration(const char* more = "") const {
        return "tls: {cert_file: \"" + file.path() + "\", key_file: \"" + key.path() + "\"" + more +
               "}";
    }

    nats_journal_options at(const nats_server& server) const {
        nats_journal_options options;
        options.url = "tls://localhost:" + std::to_string(server.port());
        options.stream = "test";
        options.ca_file = file.path();
        return options;
    }
};

} // namespace

TEST_CASE("a journal trusts a server by the authority of its options, and by no other") {
    const tls_nats by;
    const nats_server server{by.configuration()};
    nats_journal_options options = by.at(server);
    CHECK(nats_journal{options}.begin().has_value());
    options.ca_file.clear();
    CHECK_THROWS_AS(nats_journal{options}, boost::system::system_error);
    const certificate other{"DNS:localhost"};
    const temporary_file file{other.pem()};
    options.ca_file = file.path();
    CHECK_THROWS_AS(nats_journal{options}, boost::system::system_error);
}

TEST_CASE("a server with another name than its certificate is not trusted") {
    const tls_nats by;
    const nats_server server{by.configuration()};
    nats_journal_options options = by.at(server);
    options.url = "tls://127.0.0.1:" + std::to_string(server.port());
    CHECK_THROWS_AS(nats_journal{options}, boost::system::system_error);
}

TEST_CASE("a journal shows its certificate to a server that wants one") {
    const tls_nats by;
    const certificate mine{"DNS:client"};
    const temporary_file file{mine.pem()};
    const temporary_file key{mine.key_pem()};
    const std::string wants = ", ca_file: \"" + file.path() + "\", verify: true";
    const nats_server server{by.configuration(wants.c_str())};
    nats_journal_options options = by.at(server);
    CHECK_THROWS_AS(nats_journal{options}, boost::system::system_error);
    options.certificate_file = file.path();
    options.key_file = key.path();
    CHECK(nats_journal{options}.begin().has_value());
}
