#pragma once

#include <crier/http/sink.hpp>

#include "http2_output.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

struct nghttp2_session;

namespace crier::detail {

class http2_stream;

/// What a connection of HTTP/2 sends: nghttp2 makes the heads of frames, and the bytes of bodies
/// are copied once, beside them.
class http2_frames {
public:
    /// Takes the session over.
    http2_frames(std::shared_ptr<sink> to, nghttp2_session* session) noexcept
        : output_{std::move(to)}, session_{session} {}
    http2_frames(const http2_frames&) = delete;
    http2_frames& operator=(const http2_frames&) = delete;
    ~http2_frames();

    nghttp2_session* session() const noexcept { return session_; }
    http2_output& output() noexcept { return output_; }
    const http2_output& output() const noexcept { return output_; }

    /// Whether the client takes more of bodies, or of this one: by the windows that it has opened.
    bool has_window() const noexcept;
    bool has_window(const http2_stream& of) const noexcept;

    /// Begins a response by its head, which is in HTTP/1.1's form. How long that was; none: it is
    /// none.
    std::optional<std::size_t> begin(http2_stream& of, std::string_view text);

    /// Takes so many of a body's bytes, from there on, as a turn and the windows allow. How many.
    std::size_t write(http2_stream& by, sink::buffers bytes, std::size_t from);

    /// Takes the frames that nghttp2 has to send. Throws where there is no memory, or were too
    /// many.
    void pull();

    /// So much is joined before it is written, and so much a stream may write before others have
    /// their turn.
    static constexpr std::size_t piece = std::size_t{16} * 1024;

    // By nghttp2, while it is asked for frames:

    /// How many bytes there are of that stream.
    std::size_t offered_by(const http2_stream& of) const noexcept {
        return offered_.by == &of ? offered_.left : 0;
    }
    /// Takes so many of those, after a frame's head.
    void take(std::string_view head, std::size_t size);

private:
    struct offer {
        const http2_stream* by = nullptr;
        sink::buffers bytes;
        std::size_t taken = 0;
        std::size_t left = 0;
    };

    /// Whatever is thrown, nothing is offered beyond its time.
    class end_of_offer {
    public:
        explicit end_of_offer(offer& of) noexcept : of_{of} {}
        end_of_offer(const end_of_offer&) = delete;
        end_of_offer& operator=(const end_of_offer&) = delete;
        ~end_of_offer() { of_ = {}; }

    private:
        offer& of_;
    };

    http2_output output_;
    nghttp2_session* const session_;
    offer offered_;
};

} // namespace crier::detail
