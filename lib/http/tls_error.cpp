#include "tls_error.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/error_category.hpp>

#include <openssl/err.h>

namespace crier::detail {
namespace {

class openssl_errors final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "crier.openssl"; }
    std::string message(int value) const override {
        const char* const words = ERR_reason_error_string(static_cast<unsigned>(value));
        return words == nullptr ? "an error of OpenSSL" : words;
    }
};

} // namespace

boost::system::error_code take_openssl_error() noexcept {
    static const openssl_errors all;
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    return code == 0 ? make_error_code(boost::asio::error::connection_aborted)
                     : boost::system::error_code{static_cast<int>(code), all};
}

std::string take_openssl_words() { return take_openssl_error().message(); }

} // namespace crier::detail
