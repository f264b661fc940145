#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>

namespace crier::detail {

class http2_connection;

/// What nghttp2 calls. It only notes what has happened: within a call nothing may be sent.
struct nghttp2_calls {
    /// Throws `std::bad_alloc`.
    static nghttp2_session* new_session(http2_connection& of);

    static ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
        std::size_t most, std::uint32_t* flags, nghttp2_data_source* source, void* user) noexcept;
    static int send_body(nghttp2_session* session, nghttp2_frame* frame, const std::uint8_t* head,
        std::size_t size, nghttp2_data_source* source, void* user) noexcept;

    static int head_begins(
        nghttp2_session* session, const nghttp2_frame* frame, void* user) noexcept;
    static int field(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
        std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
        std::uint8_t flags, void* user) noexcept;
    static int body_part(nghttp2_session* session, std::uint8_t flags, std::int32_t id,
        const std::uint8_t* data, std::size_t size, void* user) noexcept;
    static int frame_received(
        nghttp2_session* session, const nghttp2_frame* frame, void* user) noexcept;
    static int bad_frame_received(
        nghttp2_session* session, const nghttp2_frame* frame, int error, void* user) noexcept;
    static int frame_sent(
        nghttp2_session* session, const nghttp2_frame* frame, void* user) noexcept;
    static int stream_ended(
        nghttp2_session* session, std::int32_t id, std::uint32_t error, void* user) noexcept;

private:
    static int take(http2_connection& from) noexcept;
};

} // namespace crier::detail
