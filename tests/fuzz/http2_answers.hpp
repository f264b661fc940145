#pragma once

#include "answers.hpp"
#include "require.hpp"
#include "support/http2_frames.hpp"
#include "support/http2_heads.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace crier::fuzz {

/// What a server of HTTP/2 writes, checked frame by frame against what its client has sent.
class http2_answers {
public:
    /// Of the client, before the server gets it.
    void sent(std::string_view bytes) {
        from_client_ += bytes;
        if (!has_preface_ && from_client_.size() >= test::http2_preface.size()) {
            has_preface_ = true;
            from_client_.erase(0, test::http2_preface.size());
        }
        while (auto frame = has_preface_ ? test::take_http2_frame(from_client_) : std::nullopt) {
            note(*frame);
        }
    }

    /// Of the server.
    void received(std::string_view bytes) {
        from_server_ += bytes;
        while (auto frame = test::take_http2_frame(from_server_)) {
            check(*frame);
            last_type_ = frame->type;
        }
    }

    bool is_whole() const { return from_server_.empty(); }
    std::uint8_t last_type() const { return last_type_; }
    std::size_t heads() const { return heads_; }

    /// The PINGs that are to be answered.
    std::vector<std::string> take_pings() { return std::exchange(pings_, {}); }

private:
    struct stream {
        std::string head{};
        crier::parser events{};
        std::uint64_t body = 0;
        std::uint64_t window = 0; ///< beside the initial one
        bool is_asked = false;
        bool has_head = false;
        bool is_stream = false;
        bool is_over = false;
    };

    void note(const test::http2_frame& frame) {
        const std::string_view payload = frame.payload;
        if (frame.type == NGHTTP2_SETTINGS && !frame.has(NGHTTP2_FLAG_ACK)) {
            ++settings_;
            for (std::size_t at = 0; at + 6 <= payload.size(); at += 6) {
                if (test::read_http2_number(payload.substr(at, 2)) ==
                    NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) {
                    most_initial_window_ = std::max<std::uint64_t>(
                        most_initial_window_, test::read_http2_number(payload.substr(at + 2, 4)));
                }
            }
        } else if (frame.type == NGHTTP2_WINDOW_UPDATE && payload.size() == 4) {
            (frame.id == 0 ? window_ : streams_[frame.id].window) +=
                test::read_http2_number(payload);
        } else if (frame.type == NGHTTP2_PING && !frame.has(NGHTTP2_FLAG_ACK)) {
            ++asked_pings_;
        } else if (frame.type == NGHTTP2_HEADERS) {
            streams_[frame.id].is_asked = true;
        }
    }

    void check(const test::http2_frame& frame) {
        require(frame.payload.size() <= 16'384, "a frame is no larger than any client takes");
        require(frame.type == NGHTTP2_SETTINGS || has_settings_, "settings come first");
        require(!head_goes_on_ || frame.type == NGHTTP2_CONTINUATION, "a head is not interrupted");
        const std::size_t size = frame.payload.size();
        switch (frame.type) {
        case NGHTTP2_DATA: check_data(frame); break;
        case NGHTTP2_HEADERS:
        case NGHTTP2_CONTINUATION: check_head(frame); break;
        case NGHTTP2_RST_STREAM:
            require(size == 4 && frame.id != 0, "a reset is one of a stream");
            streams_[frame.id].is_over = true;
            break;
        case NGHTTP2_SETTINGS:
            require(frame.id == 0 && size % 6 == 0, "settings are whole");
            has_settings_ = true;
            answered_settings_ += frame.has(NGHTTP2_FLAG_ACK) ? 1 : 0;
            require(answered_settings_ <= settings_, "settings are acknowledged that were sent");
            break;
        case NGHTTP2_PING: check_ping(frame); break;
        case NGHTTP2_GOAWAY: {
            require(frame.id == 0 && size >= 8, "a good-bye is whole");
            const std::uint32_t last =
                test::read_http2_number(std::string_view{frame.payload}.substr(0, 4));
            require(last <= last_id_, "a good-bye takes back no stream");
            last_id_ = last;
            break;
        }
        case NGHTTP2_WINDOW_UPDATE:
            require(size == 4 && test::read_http2_number(frame.payload) > 0, "a window grows");
            break;
        default: require(false, "a server does not send such frames");
        }
    }

    void check_ping(const test::http2_frame& frame) {
        require(frame.id == 0 && frame.payload.size() == 8, "a ping is whole");
        if (!frame.has(NGHTTP2_FLAG_ACK)) {
            pings_.push_back(frame.payload);
            return;
        }
        require(++answered_pings_ <= asked_pings_, "pings are answered that were sent");
    }

    void check_head(const test::http2_frame& frame) {
        stream& of = streams_[frame.id];
        require(of.is_asked && !of.has_head && !of.is_over, "a request has one head as answer");
        require(frame.id <= last_id_, "a stream that was refused is not answered");
        require(!frame.has(NGHTTP2_FLAG_PADDED | NGHTTP2_FLAG_PRIORITY), "a head is bare");
        of.head += frame.payload;
        head_goes_on_ = !frame.has(NGHTTP2_FLAG_END_HEADERS);
        of.is_over = frame.has(NGHTTP2_FLAG_END_STREAM);
        if (head_goes_on_) {
            return;
        }
        ++heads_;
        of.has_head = true;
        of.head = reader_.inflated(of.head);
        require(of.head.starts_with(":status: "), "a head begins with its status", of.head);
        require(is_clean(of.head), "a head is HTTP/2's", of.head);
        of.is_stream = of.head.find("\ncontent-type: text/event-stream") != of.head.npos;
    }

    /// Source: RFC 9113, section 8.2.
    static bool is_clean(std::string_view head) {
        constexpr std::string_view of_connection[]{
            "connection", "transfer-encoding", "keep-alive", "upgrade"};
        while (!head.empty()) {
            const std::string_view line = head.substr(0, head.find('\n'));
            const std::string_view name = line.substr(0, line.find(':', 1));
            if (std::ranges::find(of_connection, name) != std::end(of_connection) ||
                std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; })) {
                return false;
            }
            head.remove_prefix(line.size() + 1);
        }
        return true;
    }

    void check_data(const test::http2_frame& frame) {
        stream& of = streams_[frame.id];
        require(of.has_head && !of.is_over, "a body follows its head, and nothing its end");
        require(!frame.has(NGHTTP2_FLAG_PADDED), "a body is bare");
        of.body += frame.payload.size();
        total_ += frame.payload.size();
        require(total_ <= window_, "the connection's window is kept");
        require(of.body <= of.window + most_initial_window_, "a stream's window is kept");
        require(!of.is_stream || read_on(of.events, frame.payload), "a stream has events",
            frame.payload);
        of.is_over = frame.has(NGHTTP2_FLAG_END_STREAM);
        if (const auto at = of.head.find("\ncontent-length: "); of.is_over && at != of.head.npos) {
            const std::size_t length = std::stoull(of.head.substr(at + 17));
            require(of.body == 0 || of.body == length, "a body has its length", of.head);
        }
    }

    std::string from_client_;
    std::string from_server_;
    bool has_preface_ = false;
    bool has_settings_ = false;
    bool head_goes_on_ = false;
    std::uint8_t last_type_ = NGHTTP2_SETTINGS;
    std::uint32_t last_id_ = 0x7FFF'FFFF;
    std::uint64_t window_ = 65'535;
    std::uint64_t most_initial_window_ = 65'535;
    std::uint64_t total_ = 0;
    std::size_t heads_ = 0;
    std::size_t settings_ = 0;
    std::size_t answered_settings_ = 0;
    std::size_t asked_pings_ = 0;
    std::size_t answered_pings_ = 0;
    std::vector<std::string> pings_;
    test::http2_heads reader_;
    std::map<std::uint32_t, stream> streams_;
};

} // namespace crier::fuzz
