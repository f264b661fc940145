#pragma once

#include "certificate.hpp"
#include "temporary.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crier::test {

/// A client of TLS that reads and writes without an event loop, and trusts everybody.
class tls_peer {
public:
    using tcp = boost::asio::ip::tcp;

    struct options {
        std::string host{};               ///< that it names
        std::string protocols{};          ///< that it offers, each after its length
        int version = 0;                  ///< the only one, such as `TLS1_2_VERSION`; 0: any
        const certificate* own = nullptr; ///< that it shows
        SSL_SESSION* session = nullptr;   ///< that it resumes
    };

    explicit tls_peer(std::uint16_t port) : tls_peer{port, options{}} {}
    tls_peer(std::uint16_t port, const options& with) {
        SSL_CTX* const context = context_.native_handle();
        SSL_CTX_set_min_proto_version(context, with.version);
        SSL_CTX_set_max_proto_version(context, with.version);
        if (with.own != nullptr) {
            SSL_CTX_use_certificate(context, with.own->x509());
            SSL_CTX_use_PrivateKey(context, with.own->key());
        }
        stream_ = std::make_unique<stream>(*io_, context_);
        SSL* const ssl = stream_->native_handle();
        if (!with.host.empty()) {
            SSL_set_tlsext_host_name(ssl, with.host.c_str());
        }
        SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(with.protocols.data()),
            static_cast<unsigned>(with.protocols.size()));
        if (with.session != nullptr) {
            SSL_set_session(ssl, with.session);
        }
        socket().connect({boost::asio::ip::address_v4::loopback(), port});
        // A server that says nothing fails the test, instead of hanging it.
        const timeval longest{20, 0};
        ::setsockopt(socket().native_handle(), SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    }

    boost::system::error_code shake_hands() {
        boost::system::error_code error;
        stream_->handshake(boost::asio::ssl::stream_base::client, error);
        return error;
    }

    void send(std::string_view bytes) { boost::asio::write(*stream_, boost::asio::buffer(bytes)); }

    void get(std::string_view target) {
        send("GET " + std::string{target} + " HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    /// Waits until the delimiter has arrived; what comes after it is kept. At the end it gives what
    /// there is.
    std::string read_until(std::string_view delimiter) {
        while (read_.find(delimiter) == read_.npos && !end) {
            std::array<char, 16'384> part;
            const std::size_t size = stream_->read_some(boost::asio::buffer(part), end);
            read_.append(part.data(), size);
        }
        const std::size_t found = read_.find(delimiter);
        const std::size_t size = found == read_.npos ? read_.size() : found + delimiter.size();
        std::string bytes = read_.substr(0, size);
        read_.erase(0, size);
        return bytes;
    }
    std::string read_to_end() { return read_until(std::string_view{"\0never\0", 7}); }

    /// Whether the end came by the letter, with a `close_notify`.
    bool ended_properly() const { return end == boost::asio::error::eof; }

    /// The name of the certificate that the server has shown.
    std::string name() const {
        const std::unique_ptr<X509, decltype(&X509_free)> shown{
            SSL_get1_peer_certificate(stream_->native_handle()), X509_free};
        std::array<char, 100> text{};
        X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, text.data(),
            static_cast<int>(text.size()));
        return text.data();
    }

    SSL* ssl() const { return stream_->native_handle(); }
    tcp::socket& socket() { return stream_->next_layer(); }

    boost::system::error_code end;

private:
    using stream = boost::asio::ssl::stream<tcp::socket>;

    boost::asio::ssl::context context_{boost::asio::ssl::context::tls_client};
    std::unique_ptr<boost::asio::io_context> io_ = std::make_unique<boost::asio::io_context>(1);
    std::unique_ptr<stream> stream_;
    std::string read_;
};

/// A certificate and its key in files.
class certificate_files {
public:
    explicit certificate_files(const certificate& of) : chain_{of.pem()}, key_{of.key_pem()} {}

    const std::string& chain() const { return chain_.path(); }
    const std::string& key() const { return key_.path(); }

private:
    temporary_file chain_;
    temporary_file key_;
};

} // namespace crier::test
