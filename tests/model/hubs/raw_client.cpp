#include "raw_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <array>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

namespace crier::model {
namespace {

namespace http = boost::beast::http;

/// Takes what HTTP adds off a stream's bytes, however they are split.
class body_reader {
public:
    body_reader() {
        head_.eager(true);
        head_.body_limit(boost::none);
        head_.on_chunk_body(on_body_);
    }

    /// The body's bytes among these.
    std::string take(std::string_view bytes) {
        body_.clear();
        left_.commit(boost::asio::buffer_copy(
            left_.prepare(bytes.size()), boost::asio::buffer(bytes.data(), bytes.size())));
        while (left_.size() > 0 && !head_.is_done() && !error_) {
            left_.consume(head_.put(left_.data(), error_));
        }
        if (error_ == http::error::need_more) {
            error_ = {};
        }
        return std::move(body_);
    }

    bool is_broken() const { return error_.failed(); }
    bool is_done() const { return head_.is_done(); }
    unsigned status() const { return head_.is_header_done() ? head_.get().result_int() : 0; }

private:
    std::string body_;
    std::function<std::size_t(std::uint64_t, boost::beast::string_view, boost::system::error_code&)>
        on_body_ = [this](
                       std::uint64_t, boost::beast::string_view part, boost::system::error_code&) {
            body_.append(part.data(), part.size());
            return part.size();
        };
    http::response_parser<http::empty_body> head_;
    boost::beast::flat_buffer left_;
    boost::system::error_code error_;
};

} // namespace

raw_client::raw_client(
    town& in, std::size_t home, std::vector<std::uint32_t> topics, std::uint32_t seed)
    : town_{in}, random_{seed}, reader_{in, home, std::move(topics)} {}

void raw_client::begin_after(event_id at) {
    events_.set_last_event_id(to_string(at));
    reader_.begin_after(at);
}

void raw_client::run() {
    while (!reader_.is_at_end() && !town_.is_given_up) {
        const std::uint16_t port = town_.next_port(reader_.home(), random_);
        if (port == 0 || !to_.open(port)) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1 + random_(20)});
            continue;
        }
        read_stream();
        to_.close(random_(2) == 0);
    }
}

void raw_client::read_stream() {
    const std::string last = events_.last_event_id();
    std::string request = "GET " + reader_.target() + " HTTP/1.1\r\nHost: a\r\n";
    request += last.empty() ? "\r\n" : "Last-Event-ID: " + last + "\r\n\r\n";
    if (!to_.send(request)) {
        return;
    }
    events_.restart();
    reader_.note_connection(last);
    body_reader http;
    // Some streams are cut soon, most live until a disturbance.
    std::size_t left = random_(3) == 0 ? 1 + random_(20'000) : std::size_t{1} << 40;
    std::string bytes;
    while (!reader_.is_at_end() && (left > 0 || town_.is_over) && read_some(left, bytes)) {
        left -= std::min(left, bytes.size());
        const std::string body = http.take(bytes);
        std::string_view rest = body;
        auto next = events_.next(rest);
        while (next && *next) {
            const event_view& came = **next;
            reader_.take({std::string{came.type}, std::string{came.data}, std::string{came.id}});
            next = events_.next(rest);
        }
        if (!next || http.is_broken()) {
            reader_.complain("a stream after '" + last + "' is not well-formed");
            return;
        }
        const bool is_stream = http.status() == 0 || http.status() == 200;
        if (!is_stream && http.status() != 503) {
            reader_.complain("a stream was answered with " + std::to_string(http.status()));
        }
        if (http.is_done() || !is_stream) {
            return;
        }
    }
}

/// False: the connection has ended.
bool raw_client::read_some(std::size_t most, std::string& bytes) {
    std::array<char, 16'384> part;
    most = std::min(most, is_sluggish_ ? 512 : part.size());
    if (town_.is_over) {
        most = part.size();
    } else if (random_(is_sluggish_ ? 50 : 200) == 0) {
        // Some now and then for so long that the hub gives them up, or has no room for more.
        const std::uint32_t longest = is_sluggish_ ? (random_(8) == 0 ? 4'000 : 1'500) : 200;
        std::this_thread::sleep_for(std::chrono::milliseconds{random_(longest)});
    }
    const std::size_t size = to_.receive({part.data(), most});
    bytes.assign(part.data(), size);
    return size > 0;
}

} // namespace crier::model
