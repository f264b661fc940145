#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace cat {

/// Standard output. Text is written when no other handler is ready: events that come together are
/// one write, and a single event is written at once. While a write blocks, nothing is read from the
/// network.
class output {
public:
    /// `on_failure` is called once, with `broken_pipe` when the reader has left, even while nothing
    /// is written. After it, all text is dropped.
    output(boost::asio::io_context& context,
        std::function<void(boost::system::error_code)> on_failure);

    void write(std::string_view text);
    void flush();

private:
    void watch_reader();
    void fail(boost::system::error_code why);

    boost::asio::io_context& context_;
    std::function<void(boost::system::error_code)> on_failure_;
    boost::asio::posix::stream_descriptor reader_left_;
    std::string waiting_;
    bool failed_ = false;
};

} // namespace cat
