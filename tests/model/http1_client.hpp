#pragma once

#include "client.hpp"

#include <string>

namespace crier::model {

/// A client of HTTP/1.1, which has one reader.
class http1_client final : public client {
public:
    using client::client;

private:
    void read(wire& from) override;
    /// Tells whether the client has left, or the server.
    bool read_some(wire& from, std::string& bytes);
};

} // namespace crier::model
