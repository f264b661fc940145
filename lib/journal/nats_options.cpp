#include "nats_options.hpp"

#include "async/durations.hpp"
#include "nats_error.hpp"
#include "nats_tokens.hpp"
#include "wire/field_text.hpp"

#include <stdexcept>
#include <string_view>
#include <vector>

namespace crier::detail {
namespace {

constexpr std::string_view plain = "nats://";
constexpr std::string_view secure = "tls://";

std::vector<std::string> servers_of(const std::string& url) {
    std::vector<std::string> servers;
    std::string_view rest = url;
    std::string scheme;
    while (!rest.empty()) {
        const std::string_view next = trimmed(take_until(rest, ","));
        if (next.find("://") != next.npos) {
            scheme = next.substr(0, next.find("://") + 3);
            servers.emplace_back(next);
        } else {
            servers.push_back(scheme + std::string{next});
        }
    }
    return servers;
}

bool is_server(std::string_view url) noexcept {
    return (url.starts_with(plain) && url.size() > plain.size()) ||
           (url.starts_with(secure) && url.size() > secure.size());
}

const char* given(const std::string& text) noexcept {
    return text.empty() ? nullptr : text.c_str();
}

void authenticate(natsOptions* made, const nats_journal_options& options) {
    if (!options.user.empty()) {
        check_nats(natsOptions_SetUserInfo(made, options.user.c_str(), options.password.c_str()),
            "the user is not taken");
    }
    if (!options.token.empty()) {
        check_nats(natsOptions_SetToken(made, options.token.c_str()), "the token is not taken");
    }
    if (!options.credentials_file.empty()) {
        check_nats(natsOptions_SetUserCredentialsFromFiles(
                       made, options.credentials_file.c_str(), nullptr),
            "the file of credentials is not taken");
    }
}

void secure_by_tls(natsOptions* made, const nats_journal_options& options) {
    check_nats(natsOptions_SetSecure(made, true), "there is no TLS");
    if (!options.ca_file.empty()) {
        check_nats(natsOptions_LoadCATrustedCertificates(made, options.ca_file.c_str()),
            "the file of authorities is not taken");
    }
    if (!options.certificate_file.empty()) {
        check_nats(natsOptions_LoadCertificatesChain(
                       made, options.certificate_file.c_str(), given(options.key_file)),
            "the certificate is not taken");
    }
}

/// A server that is gone is noticed within three seconds. Whoever has the options connects again.
void notice_loss(natsOptions* made) {
    constexpr int ping_interval = 1'000;
    constexpr int write_deadline = 1'000;
    check_nats(natsOptions_SetPingInterval(made, ping_interval), "options");
    check_nats(natsOptions_SetMaxPingsOut(made, 2), "options");
    check_nats(natsOptions_SetAllowReconnect(made, false), "options");
    check_nats(natsOptions_SetWriteDeadline(made, write_deadline), "options");
}

} // namespace

void check(const nats_journal_options& options) {
    const std::vector<std::string> servers = servers_of(options.url);
    constexpr int most_replicas = 5;
    if (servers.empty() || !std::ranges::all_of(servers, is_server)) {
        throw std::invalid_argument{
            "nats_journal_options::url is not nats://HOST:PORT, or several after commas"};
    }
    if (!is_nats_name(options.stream)) {
        throw std::invalid_argument{
            "nats_journal_options::stream is not 1 to 64 letters, digits, '-' and '_'"};
    }
    if (options.replicas < 1 || options.replicas > most_replicas) {
        throw std::invalid_argument{"nats_journal_options::replicas is not 1 to 5"};
    }
    if (options.events == 0) {
        throw std::invalid_argument{"nats_journal_options::events is 0"};
    }
    if (options.certificate_file.empty() != options.key_file.empty()) {
        throw std::invalid_argument{
            "nats_journal_options: a certificate_file and a key_file go together"};
    }
    const int ways = int{!options.user.empty()} + int{!options.token.empty()} +
                     int{!options.credentials_file.empty()};
    if (ways > 1) {
        throw std::invalid_argument{
            "nats_journal_options has more than one of user, token and credentials_file"};
    }
}

std::string shown_servers(const std::string& url) {
    std::string shown;
    for (const std::string& server : servers_of(url)) {
        const std::size_t from = server.find("://") + 3;
        const std::size_t at = server.rfind('@');
        shown += shown.empty() ? "" : ",";
        shown += at == server.npos ? server : server.substr(0, from) + server.substr(at + 1);
    }
    return shown;
}

nats_options connecting(const nats_journal_options& options) {
    natsOptions* found = nullptr;
    check_nats(natsOptions_Create(&found), "options");
    nats_options made{found, natsOptions_Destroy};
    const std::vector<std::string> servers = servers_of(options.url);
    std::vector<const char*> urls;
    urls.reserve(servers.size());
    for (const std::string& server : servers) {
        urls.push_back(server.c_str());
    }
    check_nats(
        natsOptions_SetServers(found, urls.data(), static_cast<int>(urls.size())), "options");
    check_nats(natsOptions_SetName(found, "crier"), "options");
    constexpr std::chrono::milliseconds longest{10'000};
    const auto timeout = std::min(
        in_range(options.connect_timeout, nats_journal_options{}.connect_timeout), longest);
    check_nats(natsOptions_SetTimeout(found, timeout.count()), "options");
    check_nats(natsOptions_UseGlobalMessageDelivery(found, true), "options");
    notice_loss(found);
    authenticate(found, options);
    if (options.tls || servers.front().starts_with(secure)) {
        secure_by_tls(found, options);
    }
    return made;
}

} // namespace crier::detail
