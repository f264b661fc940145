#include "publisher.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>

namespace crier::model {
namespace {

namespace http = boost::beast::http;
using namespace std::chrono_literals;
using answer = http::response<http::string_body>;

std::string request_of(const std::string& query, const std::string& body) {
    std::string text = "POST /events?" + query + " HTTP/1.1\r\nHost: a\r\nContent-Length: ";
    return text.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

/// None: the connection has ended before.
std::optional<answer> answer_from(connection& to) {
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    boost::beast::flat_buffer left;
    while (!parser.is_done()) {
        std::array<char, 1024> part;
        const std::size_t size = to.receive(part);
        if (size == 0) {
            return std::nullopt;
        }
        left.commit(
            boost::asio::buffer_copy(left.prepare(size), boost::asio::buffer(part.data(), size)));
        boost::system::error_code error;
        left.consume(parser.put(left.data(), error));
        if (error && error != http::error::need_more) {
            return std::nullopt;
        }
    }
    return parser.release();
}

std::optional<event_id> id_in(const answer& from) {
    boost::system::error_code error;
    const auto told = boost::json::parse(from.body(), error);
    const auto* const fields = error ? nullptr : told.if_object();
    const auto* const id = fields == nullptr ? nullptr : fields->if_contains("id");
    const auto* const text = id == nullptr ? nullptr : id->if_string();
    return text == nullptr ? std::nullopt : parse_event_id(std::string_view{*text});
}

} // namespace

publisher::publisher(town& in, std::uint32_t number)
    : town_{in}, number_{number}, random_{in.with.seed + 7'919 * (number + 1)} {}

void publisher::run() {
    const auto begun = std::chrono::steady_clock::now();
    const std::chrono::microseconds each{
        std::uint64_t{1'000'000} * town_.with.publishers / town_.with.rate};
    while (!town_.is_published) {
        if (!connect(number_ % town_.with.hubs)) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1 + random_(10)});
            continue;
        }
        if (random_(100) == 0) {
            publish_in_vain();
        } else {
            const std::uint32_t topic = random_(topics_published);
            publish(topic, "topic=t" + std::to_string(topic), random_(200) == 0);
        }
        std::this_thread::sleep_until(begun + notes_.size() * each);
    }
    to_.close(false);
}

event_id publisher::insist(std::size_t home, std::uint32_t topic) {
    to_.close(false);
    const auto latest = std::chrono::steady_clock::now() + 60s;
    while (!town_.is_given_up) {
        if (connect(home)) {
            const note& made = publish(topic, "topic=t" + std::to_string(topic), false);
            if (made.came == note::outcome::acknowledged) {
                return made.id;
            }
        }
        if (std::chrono::steady_clock::now() > latest) {
            complaints_.emplace_back("no hub acknowledges events any more");
            town_.is_given_up = true;
        }
        std::this_thread::sleep_for(10ms);
    }
    return {};
}

bool publisher::connect(std::size_t home) {
    if (to_.is_open()) {
        return true;
    }
    const std::uint16_t port = town_.next_port(home, random_);
    return port != 0 && to_.open(port);
}

/// Notes it before it is sent: it may be published from then on.
note& publisher::publish(std::uint32_t topic, const std::string& query, bool leaves) {
    const auto number = static_cast<std::uint32_t>(notes_.size());
    note& made = notes_.emplace_back(note{topic});
    const std::string request = request_of(query, text_of({number_, number, topic}));
    if (!to_.send(request)) {
        to_.close(false);
    } else if (leaves) {
        to_.close(random_(2) == 0);
    } else {
        take_answer(made);
    }
    return made;
}

void publisher::publish_in_vain() {
    const std::uint32_t topic = random_(topics_published);
    const std::string query = "topic=t" + std::to_string(topic);
    constexpr std::array<const char*, 2> wrong{"&type=crier.gap", "&colour=red"};
    const note& made = publish(topic, query + wrong[random_(wrong.size())], false);
    if (made.came == note::outcome::acknowledged) {
        complaints_.push_back("what makes no sense was acknowledged as " + to_string(made.id));
    }
}

void publisher::take_answer(note& of) {
    const std::optional<answer> told = answer_from(to_);
    if (!told) {
        to_.close(false);
        return;
    }
    const std::optional<event_id> id = id_in(*told);
    if (told->result() == http::status::created && id) {
        of.came = note::outcome::acknowledged;
        of.id = *id;
        ++town_.acknowledged;
    } else if (told->result_int() >= 400 && told->result_int() <= 599) {
        const bool may_be_there = told->body().find("may have the event") != std::string::npos;
        of.came = may_be_there ? of.came : note::outcome::refused;
    } else {
        complaints_.push_back("an event was answered with " + std::to_string(told->result_int()) +
                              ' ' + told->body());
    }
    if (!told->keep_alive()) {
        to_.close(false);
    }
}

} // namespace crier::model
