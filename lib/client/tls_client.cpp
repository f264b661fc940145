#include "tls_client.hpp"

#include <algorithm>

namespace crier::detail {
namespace {

namespace ssl = boost::asio::ssl;

std::shared_ptr<ssl::context> make_context(const tls_options& options) {
    if (options.context) {
        return options.context;
    }
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    context->set_options(
        ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    if (options.ca_file.empty()) {
        context->set_default_verify_paths();
    } else {
        context->load_verify_file(options.ca_file);
    }
    return context;
}

} // namespace

ssl::context& tls_client::context() {
    if (!context_) {
        context_ = make_context(options_);
    }
    return *context_;
}

std::shared_ptr<tls_session> tls_client::session_with(const http_url& server) {
    const auto found = std::ranges::find_if(sessions_, [&server](const kept& each) {
        return each.host == server.host && each.port == server.port;
    });
    if (found != sessions_.end()) {
        return found->session;
    }
    if (sessions_.size() == most_sessions) {
        sessions_.erase(sessions_.begin());
    }
    sessions_.push_back({server.host, server.port, std::make_shared<tls_session>()});
    return sessions_.back().session;
}

} // namespace crier::detail
