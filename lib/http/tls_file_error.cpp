#include <crier/http/tls.hpp>

namespace crier {

tls_file_error::tls_file_error(const std::string& why) : std::runtime_error{why} {}

tls_file_error::~tls_file_error() = default;

} // namespace crier
