#pragma once

#include <crier/export.hpp>
#include <crier/wire/encoder.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace crier {

namespace detail {
struct frame_access;
} // namespace detail

/// One event or comment, encoded once: immutable bytes shared by all its receivers.
///
/// The bytes lie in one block of memory, as a whole HTTP/1.1 chunk, so that every kind of stream
/// sends them without copying. Copying a frame copies a reference.
///
/// Thread safety: a frame may be read, copied and destroyed from any thread.
class CRIER_EXPORT frame {
public:
    frame() = default;

    /// The encoded block, as in the event stream.
    std::string_view text() const noexcept { return {bytes_.get() + head_, size_}; }

    /// The block as a chunk of the chunked transfer coding. Source: RFC 9112, section 7.1.
    std::string_view chunk() const noexcept {
        return empty() ? std::string_view{} : std::string_view{bytes_.get(), head_ + size_ + 2};
    }

    bool empty() const noexcept { return size_ == 0; }

    /// Errors: those of `encode`.
    friend boost::system::result<frame> make_frame(const event_view& event);

    /// Errors: those of `encode_comment`.
    friend boost::system::result<frame> make_comment_frame(std::string_view text, comment_end end);

private:
    friend struct detail::frame_access;

    template <class Allocate>
    frame(std::size_t size, std::string_view key, Allocate allocate);

    char* writable_text() noexcept { return bytes_.get() + head_; }

    std::shared_ptr<char[]> bytes_; ///< the chunk, then the key
    std::size_t size_ = 0;
    std::uint32_t key_size_ = 0;
    std::uint8_t head_ = 0;
};

CRIER_EXPORT boost::system::result<frame> make_frame(const event_view& event);
CRIER_EXPORT boost::system::result<frame> make_comment_frame(
    std::string_view text, comment_end end = comment_end::blank_line);

} // namespace crier
