#include <crier/wire/frame.hpp>

#include "encode_into.hpp"
#include "frame_access.hpp"

namespace crier {

template <class Allocate>
frame::frame(std::size_t size, std::string_view key, Allocate allocate)
    : size_{size}, key_size_{static_cast<std::uint32_t>(key.size())} {
    char head[2 * sizeof size + 2];
    char* end = std::to_chars(std::begin(head), std::end(head), size, 16).ptr;
    end = std::copy_n("\r\n", 2, end);
    head_ = static_cast<std::uint8_t>(end - head);
    bytes_ = allocate(head_ + size_ + 2 + key.size());
    std::copy(head, end, bytes_.get());
    char* const tail = std::copy_n("\r\n", 2, bytes_.get() + head_ + size_);
    std::ranges::copy(key, tail);
}

namespace {

/// A block that nobody counts.
std::shared_ptr<char[]> allocate_block(std::size_t size) {
    return std::make_shared_for_overwrite<char[]>(size);
}

} // namespace

boost::system::result<frame> make_frame(const event_view& event) {
    return detail::encode_into(
        event, [](std::size_t size) { return frame{size, {}, allocate_block}; },
        [](frame& block) { return block.writable_text(); });
}

boost::system::result<frame> make_comment_frame(std::string_view text, comment_end end) {
    return detail::encode_into(
        detail::comment{text, end},
        [](std::size_t size) { return frame{size, {}, allocate_block}; },
        [](frame& block) { return block.writable_text(); });
}

namespace detail {
namespace {

auto counted_by(const memory_account_ptr& account) {
    return [&account](std::size_t size) {
        return std::allocate_shared_for_overwrite<char[]>(counting_allocator<char>{account}, size);
    };
}

} // namespace

boost::system::result<frame> frame_access::make(
    const event_view& event, std::string_view key, const memory_account_ptr& account) {
    return detail::encode_into(
        event, [&](std::size_t size) { return frame{size, key, counted_by(account)}; },
        [](frame& block) { return block.writable_text(); });
}

frame frame_access::of_block(
    std::string_view block, std::string_view key, const memory_account_ptr& account) {
    frame made{block.size(), key, counted_by(account)};
    std::ranges::copy(block, made.writable_text());
    return made;
}

frame frame_access::of_block_with_id(std::string_view block, std::string_view id,
    std::string_view key, const memory_account_ptr& account) {
    constexpr std::string_view field = "id: ";
    constexpr std::string_view end = "\n\n";
    block.remove_suffix(1); // the blank line
    frame made{block.size() + field.size() + id.size() + end.size(), key, counted_by(account)};
    char* at = std::ranges::copy(block, made.writable_text()).out;
    at = std::ranges::copy(field, at).out;
    at = std::ranges::copy(id, at).out;
    std::ranges::copy(end, at);
    return made;
}

std::string_view frame_access::key(const frame& of) noexcept {
    return {of.chunk().data() + of.chunk().size(), of.key_size_};
}

void frame_access::set_id(frame& of, std::string_view id) noexcept {
    std::copy(id.begin(), id.end(),
        of.writable_text() + of.size_ - id.size() - std::string_view{"\n\n"}.size());
}

std::string_view id_in(const frame& encoded) noexcept {
    constexpr std::string_view field = "\nid: ";
    std::string_view text = encoded.text();
    if (!text.ends_with("\n\n")) {
        return {};
    }
    // The field is an event's last one.
    text.remove_suffix(2);
    const std::size_t line = text.rfind('\n');
    return line != text.npos && text.substr(line).starts_with(field)
             ? text.substr(line + field.size())
             : std::string_view{};
}

} // namespace detail

} // namespace crier
