#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace cat {

/// Standard output. It is written once nothing more is ready to be done, so that many events that
/// come together are one write, and an event that comes alone is not kept. Writing blocks: then
/// nothing more is read from the network.
class output {
public:
    /// The failure is told once, as `broken_pipe` where the reader has left, also while nothing is
    /// written; then what is written is dropped.
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
