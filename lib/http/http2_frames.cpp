#include "http2_frames.hpp"

#include "http2_head.hpp"
#include "http2_stream.hpp"
#include "nghttp2_calls.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace crier::detail {

namespace asio = boost::asio;

namespace {

nghttp2_nv field_of(std::string_view name, std::string_view value) noexcept {
    // nghttp2 only reads them. NOLINTBEGIN(*-const-cast)
    auto* const at = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
    auto* const text = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
    // NOLINTEND(*-const-cast)
    return {at, text, name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

} // namespace

http2_frames::~http2_frames() { nghttp2_session_del(session_); }

bool http2_frames::has_window() const noexcept {
    return nghttp2_session_get_remote_window_size(session_) > 0;
}

bool http2_frames::has_window(const http2_stream& of) const noexcept {
    return nghttp2_session_get_stream_remote_window_size(session_, of.id()) > 0;
}

std::optional<std::size_t> http2_frames::begin(http2_stream& of, std::string_view text) {
    const std::optional<http2_head> head = read_response_head(text);
    if (!head) {
        return std::nullopt;
    }
    std::vector<nghttp2_nv> fields{field_of(":status", head->status)};
    for (const auto& [name, value] : head->fields) {
        fields.push_back(field_of(name, value));
    }
    nghttp2_data_provider body{};
    body.source.ptr = &of;
    body.read_callback = &nghttp2_calls::read_body;
    of.has_head =
        nghttp2_submit_response(session_, of.id(), fields.data(), fields.size(), &body) == 0;
    return of.has_head ? std::optional{head->size} : std::nullopt;
}

std::size_t http2_frames::write(http2_stream& by, sink::buffers bytes, std::size_t from) {
    const end_of_offer at_end{offered_};
    offered_ = {&by, bytes, from, std::min(asio::buffer_size(bytes) - from, piece)};
    if (offered_.left > 0 && has_window(by)) {
        nghttp2_session_resume_data(session_, by.id());
    }
    pull();
    return offered_.taken - from;
}

void http2_frames::take(std::string_view head, std::size_t size) {
    output_.append(head);
    std::size_t skip = offered_.taken;
    std::size_t left = size;
    for (const asio::const_buffer& each : offered_.bytes) {
        const std::size_t begin = std::min(skip, each.size());
        const std::size_t count = std::min(left, each.size() - begin);
        output_.append({static_cast<const char*>(each.data()) + begin, count});
        skip -= begin;
        left -= count;
    }
    offered_.taken += size;
    offered_.left -= size;
}

void http2_frames::pull() {
    const std::uint8_t* data = nullptr;
    auto size = nghttp2_session_mem_send(session_, &data);
    while (size > 0) {
        output_.append({reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)});
        size = nghttp2_session_mem_send(session_, &data);
    }
    if (size < 0) {
        throw boost::system::system_error{make_error_code(asio::error::no_memory)};
    }
}

} // namespace crier::detail
