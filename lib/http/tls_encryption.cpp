#include "tls_channel.hpp"
#include "tls_contexts.hpp"
#include "tls_tickets.hpp"

#include <mutex>
#include <stdexcept>
#include <utility>

namespace crier::detail {
namespace {

class tls_encryption final : public encryption {
public:
    tls_encryption(tls_server_options options, bool offers_http2)
        : options_{std::move(options)},
          offers_http2_{offers_http2},
          tickets_{std::make_shared<tls_tickets>(options_.ticket_keys)},
          contexts_{std::make_shared<const tls_contexts>(options_, offers_http2_, tickets_)} {}

    std::unique_ptr<encrypted_channel> accept(int socket) const override {
        return std::make_unique<tls_channel>(contexts(), socket);
    }

    void reload() override {
        auto fresh = std::make_shared<const tls_contexts>(options_, offers_http2_, tickets_);
        tickets_->reload();
        const std::scoped_lock locked{lock_};
        contexts_ = std::move(fresh);
    }

private:
    std::shared_ptr<const tls_contexts> contexts() const {
        const std::scoped_lock locked{lock_};
        return contexts_;
    }

    const tls_server_options options_;
    const bool offers_http2_;
    const std::shared_ptr<tls_tickets> tickets_;
    mutable std::mutex lock_;
    std::shared_ptr<const tls_contexts> contexts_;
};

void check_tls(const tls_server_options& options) {
    if (options.certificates.empty()) {
        throw std::invalid_argument{"tls has no certificate; a server needs one or more"};
    }
    if (options.handshakes == 0) {
        throw std::invalid_argument{"tls: handshakes is 0; a server needs one or more"};
    }
    if (options.clients != client_certificates::none && options.client_authorities.empty()) {
        throw std::invalid_argument{
            "tls: clients are asked for certificates, but there are no client_authorities"};
    }
}

} // namespace

std::shared_ptr<encryption> make_encryption(const tls_server_options& options, bool offers_http2) {
    check_tls(options);
    return std::make_shared<tls_encryption>(options, offers_http2);
}

} // namespace crier::detail
