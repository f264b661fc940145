#pragma once

#include "floor/audience.hpp"

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench::bare {

/// Streams by HTTP/2, many to a connection: one `send` for each event and connection. Flow control
/// is left to clients, which must allow as much as is sent.
class http2_streams final : public audience {
public:
    http2_streams(int epoll, const tls* encrypting, unsigned topics);
    ~http2_streams() override;

    void add(int connection) override;
    bool has(int connection) const override;
    bool read(int connection) override;
    void send(unsigned topic, std::string_view event) override;
    void resume(int connection) override;

private:
    static constexpr unsigned none = ~0U;

    struct client;

    struct stream {
        client* of = nullptr;
        std::string path;
        std::int32_t id = 0;
        unsigned topic = none;
        /// Among those of the topic.
        std::uint32_t place = 0;
        /// Of the event that is sent.
        std::uint32_t left = 0;
    };

    struct session_freer {
        void operator()(nghttp2_session* what) const noexcept { nghttp2_session_del(what); }
    };

    struct client {
        http2_streams* in = nullptr;
        channel bytes;
        std::vector<std::unique_ptr<stream>> all;
        std::unique_ptr<nghttp2_session, session_freer> session;
        std::string unsent;
        bool is_touched = false;
    };

    nghttp2_session* new_session(client& of) const;
    void answer(stream& which);
    void unsubscribe(const stream& which);
    bool flush(client& to);
    bool send_out(client& to, std::string_view text);
    void pull(client& from, std::string& to);
    void close(client& which);

    static ssize_t read_event(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
        std::size_t most, std::uint32_t* flags, nghttp2_data_source* source, void* user);
    static int send_event(nghttp2_session* session, nghttp2_frame* frame, const std::uint8_t* head,
        std::size_t size, nghttp2_data_source* source, void* user);
    static int begin_head(nghttp2_session* session, const nghttp2_frame* frame, void* user);
    static int take_field(nghttp2_session* session, const nghttp2_frame* frame,
        const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
        std::size_t value_size, std::uint8_t flags, void* user);
    static int take_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user);
    static int end_stream(
        nghttp2_session* session, std::int32_t id, std::uint32_t error, void* user);

    std::vector<std::unique_ptr<client>> clients_;
    std::vector<std::vector<stream*>> topics_;
    std::vector<client*> touched_;
    std::string_view event_;
    std::string output_;
    /// Where what is sent is put now.
    std::string* pulled_ = nullptr;
    nghttp2_session_callbacks* calls_ = nullptr;
    nghttp2_option* options_ = nullptr;
};

} // namespace bench::bare
