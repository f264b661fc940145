#include "floor/http2_streams.hpp"

#include <cerrno>
#include <new>

namespace bench::bare {

http2_streams::http2_streams(int epoll, const tls* encrypting, unsigned topics)
    : audience{epoll, encrypting}, topics_(topics) {
    if (nghttp2_session_callbacks_new(&calls_) != 0 || nghttp2_option_new(&options_) != 0) {
        throw std::bad_alloc{};
    }
    nghttp2_session_callbacks_set_send_data_callback(calls_, send_event);
    nghttp2_session_callbacks_set_on_begin_headers_callback(calls_, begin_head);
    nghttp2_session_callbacks_set_on_header_callback(calls_, take_field);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls_, take_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls_, end_stream);
    nghttp2_option_set_no_closed_streams(options_, 1);
}

http2_streams::~http2_streams() {
    clients_.clear();
    nghttp2_option_del(options_);
    nghttp2_session_callbacks_del(calls_);
}

void http2_streams::add(int connection) {
    if (index(connection) >= clients_.size()) {
        clients_.resize(index(connection) + 1);
    }
    auto added = std::make_unique<client>();
    added->in = this;
    added->bytes = accept(connection);
    added->session.reset(new_session(*added));
    clients_[index(connection)] = std::move(added);
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
}

nghttp2_session* http2_streams::new_session(client& of) const {
    nghttp2_session* made = nullptr;
    if (nghttp2_session_server_new2(&made, calls_, &of, options_) != 0) {
        throw std::bad_alloc{};
    }
    const nghttp2_settings_entry settings[]{{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1'000'000},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
    nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    return made;
}

bool http2_streams::has(int connection) const {
    return index(connection) < clients_.size() && clients_[index(connection)];
}

bool http2_streams::read(int connection) {
    client& from = *clients_[index(connection)];
    const ssize_t size = from.bytes.receive(buffer_.get(), buffer_size);
    if (size < 0 && errno == EAGAIN) {
        return true;
    }
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(buffer_.get());
    const bool goes_on =
        size > 0 &&
        nghttp2_session_mem_recv(from.session.get(), bytes, static_cast<std::size_t>(size)) >= 0 &&
        flush(from) && nghttp2_session_want_read(from.session.get()) != 0;
    if (!goes_on) {
        close(from);
    }
    return goes_on;
}

void http2_streams::send(unsigned topic, std::string_view event) {
    event_ = event;
    for (stream* const each : topics_[topic]) {
        client& to = *each->of;
        if (!to.unsent.empty()) {
            ++dropped_;
            continue;
        }
        each->left = static_cast<std::uint32_t>(event.size());
        nghttp2_session_resume_data(to.session.get(), each->id);
        if (!std::exchange(to.is_touched, true)) {
            touched_.push_back(&to);
        }
    }
    for (client* const each : touched_) {
        each->is_touched = false;
        if (!flush(*each)) {
            close(*each);
        }
    }
    touched_.clear();
}

/// Whether the connection is still of use.
bool http2_streams::flush(client& to) {
    if (!to.unsent.empty()) {
        pull(to, to.unsent);
        return true;
    }
    output_.clear();
    pull(to, output_);
    return output_.empty() || send_out(to, output_);
}

bool http2_streams::send_out(client& to, std::string_view text) {
    const ssize_t sent = to.bytes.send(text);
    if (sent < 0 && errno != EAGAIN) {
        return false;
    }
    const std::size_t size = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    if (size < text.size()) {
        to.unsent = text.substr(size);
        watch(to.bytes.file(), EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
    return true;
}

void http2_streams::pull(client& from, std::string& to) {
    pulled_ = &to;
    const std::uint8_t* data = nullptr;
    ssize_t size = nghttp2_session_mem_send(from.session.get(), &data);
    for (; size > 0; size = nghttp2_session_mem_send(from.session.get(), &data)) {
        to.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
}

void http2_streams::resume(int connection) {
    client& to = *clients_[index(connection)];
    const std::string text = std::exchange(to.unsent, {});
    if (!send_out(to, text)) {
        close(to);
    } else if (to.unsent.empty()) {
        watch(connection, EPOLL_CTL_MOD, EPOLLIN);
    }
}

void http2_streams::close(client& which) {
    for (const auto& each : which.all) {
        unsubscribe(*each);
    }
    const std::unique_ptr<client> ended = std::move(clients_[index(which.bytes.file())]);
}

void http2_streams::unsubscribe(const stream& which) {
    if (which.topic != none) {
        std::vector<stream*>& members = topics_[which.topic];
        members[which.place] = members.back();
        members[which.place]->place = which.place;
        members.pop_back();
    }
}

} // namespace bench::bare
