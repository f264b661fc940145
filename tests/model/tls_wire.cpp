#include "wire.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdexcept>
#include <string>

namespace crier::model {
namespace {

/// Trusts everybody.
SSL_CTX* context() {
    static const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> made{
        SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
    return made.get();
}

class tls_wire final : public wire {
public:
    explicit tls_wire(int socket) : wire{socket}, ssl_{SSL_new(context()), SSL_free} {
        SSL_set_fd(ssl_.get(), socket);
    }
    tls_wire(const tls_wire&) = delete;
    tls_wire& operator=(const tls_wire&) = delete;
    ~tls_wire() override {
        if (!ends_by_reset() && !has_failed_) {
            SSL_shutdown(ssl_.get());
        }
    }

    bool shake_hands(std::string_view offered) {
        SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(offered.data()),
            static_cast<unsigned>(offered.size()));
        ERR_clear_error();
        has_failed_ = SSL_connect(ssl_.get()) != 1;
        return !has_failed_;
    }

    /// The protocol that both ends speak.
    std::string_view agreed() const {
        const unsigned char* name = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(ssl_.get(), &name, &size);
        return {reinterpret_cast<const char*>(name), size};
    }

    bool send(std::string_view bytes) override {
        ERR_clear_error();
        has_failed_ = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0;
        return !has_failed_;
    }

    std::optional<std::size_t> receive(char* to, std::size_t most) override {
        ERR_clear_error();
        const int size = SSL_read(ssl_.get(), to, static_cast<int>(most));
        if (size > 0) {
            return static_cast<std::size_t>(size);
        }
        if (SSL_get_error(ssl_.get(), size) == SSL_ERROR_WANT_READ) {
            return 0;
        }
        has_failed_ = true;
        return std::nullopt;
    }

private:
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    bool has_failed_ = false; ///< then nothing more may be said on it
};

} // namespace

std::unique_ptr<wire> encrypt(int socket, protocol by) {
    const std::string_view name = is_http2(by) ? "h2" : "http/1.1";
    const std::string offered = static_cast<char>(name.size()) + std::string{name};
    auto made = std::make_unique<tls_wire>(socket);
    if (!made->shake_hands(offered)) {
        return nullptr;
    }
    if (made->agreed() != name) {
        throw std::runtime_error{"the server does not speak " + std::string{name} + '\n'};
    }
    return made;
}

} // namespace crier::model
