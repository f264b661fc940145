// What needs the shared library: a manager, a subscription, and a sink of the program's own.

#include <crier/crier.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <iostream>
#include <memory>
#include <string>

namespace {

class text_sink final : public crier::sink {
public:
    std::string text;

    std::size_t write_some(buffers bytes, boost::system::error_code& /*error*/) override {
        text.append(static_cast<const char*>(bytes[0].data()), bytes[0].size());
        return bytes[0].size();
    }
    void watch_peer() override {}
    void cancel() override {}
    void limit_buffering(std::size_t /*bytes*/, std::chrono::milliseconds /*longest*/) override {}
    void client_leaves() {
        received(boost::asio::error::eof, 0);
        wake_user();
    }
};

} // namespace

int main() {
    boost::asio::io_context io{1};
    crier::manager manager{io.get_executor()};
    crier::subscription mine = manager.subscribe("greetings");

    const auto out = std::make_shared<text_sink>();
    crier::sink_maker make = [out](const boost::asio::any_io_executor&) { return out; };
    const crier::request_head asked{
        .method = "GET", .target = "greetings", .fields = {{"Host", "localhost"}}};
    crier::serve_options options;
    options.topic = "greetings";
    bool has_left = false;
    boost::asio::co_spawn(io, crier::serve(std::move(make), asked, manager, std::move(options)),
        [&has_left](const std::exception_ptr& error, crier::end_reason reason) {
            has_left = !error && reason == crier::end_reason::client_left;
        });
    io.poll();

    manager.publish("greetings", "hello");
    io.poll();
    const std::string event{mine.try_receive()->text()};
    std::cout << event;
    boost::asio::post(manager.get_executor(), [out] { out->client_leaves(); });
    mine.close();
    io.poll();
    return has_left && out->text.find(event) != std::string::npos ? 0 : 1;
}
