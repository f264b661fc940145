#pragma once

#include <crier/http/sink.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace crier::detail {

/// What a connection of HTTP/2 has still to write, of all its streams together. While it has
/// nothing, it holds no memory.
class http2_output {
public:
    explicit http2_output(std::shared_ptr<sink> to) noexcept : to_{std::move(to)} {}

    sink& to() const noexcept { return *to_; }

    void append(std::string_view bytes) {
        // A frame's head fits into a string that holds no memory: then it is not empty.
        if (queued_.empty() && queued_.capacity() == std::string{}.capacity()) {
            queued_.swap(spare());
        }
        queued_ += bytes;
    }

    std::size_t size() const noexcept { return writing_.size() - written_ + queued_.size(); }

    /// Writes what is taken at once; 0: nothing.
    std::size_t write_some(boost::system::error_code& error) {
        if (writing_.empty()) {
            writing_.swap(queued_);
        }
        const boost::asio::const_buffer left{
            writing_.data() + written_, writing_.size() - written_};
        const std::size_t size = to_->write_some({&left, 1}, error);
        written_ += size;
        if (written_ == writing_.size()) {
            written_ = 0;
            writing_.clear();
            give_back(writing_);
        }
        return size;
    }

private:
    /// One for all connections of the thread, which have something to write one after the other.
    static std::string& spare() noexcept {
        thread_local std::string kept;
        return kept;
    }

    static void give_back(std::string& used) noexcept {
        constexpr std::size_t most_kept = std::size_t{64} * 1024;
        std::string& kept = spare();
        if (used.capacity() > kept.capacity() && used.capacity() <= most_kept) {
            used.swap(kept);
        }
        used = std::string{};
    }

    const std::shared_ptr<sink> to_;
    /// What the sink may still use: it stays where it is until it was written.
    std::string writing_;
    std::size_t written_ = 0;
    std::string queued_;
};

} // namespace crier::detail
