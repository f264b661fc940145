#pragma once

#include <crier/client/state_change.hpp>

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace crier::detail {

/// Reads an HTTP/1.1 response from bytes, however they are split: first its header, then its body
/// piece by piece.
class response_reader : private boost::beast::http::basic_parser<false> {
public:
    /// Bytes of a response's header, and of all that frames its body.
    static constexpr std::size_t header_limit = std::size_t{64} * 1024;

    response_reader();

    /// Takes what it can off the front of the input, at most to the end of the header or of a piece
    /// of the body. What it leaves, it must be given again together with what follows.
    ///
    /// Errors: those of Beast; `errc::bad_response` if the body's transfer coding is not chunked.
    void read(std::string_view& input, boost::system::error_code& error);

    /// Tells it that the connection has ended. Errors: where the response had not.
    void end_of_input(boost::system::error_code& error);

    /// What is wrong, in words for a user.
    std::string explain(const boost::system::error_code& error) const;

    bool has_head() const { return is_header_done(); }
    const response_info& head() const noexcept { return head_; }

    /// What the last read has found of the body: a view of its input.
    std::string_view body() const noexcept { return body_; }

    /// Whether the whole response was read.
    bool is_over() const { return is_done(); }

private:
    using string = boost::beast::string_view;
    using error_type = boost::system::error_code;

    void on_response_impl(int status, string reason, int version, error_type& error) override;
    void on_field_impl(
        boost::beast::http::field known, string name, string value, error_type& error) override;
    void on_chunk_header_impl(std::uint64_t size, string extensions, error_type& error) override;
    std::size_t on_body_impl(string body, error_type& error) override;
    std::size_t on_chunk_body_impl(std::uint64_t rest, string body, error_type& error) override;

    void on_request_impl(boost::beast::http::verb, string, string, int, error_type&) override {}
    void on_header_impl(error_type&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_type&) override {}
    void on_finish_impl(error_type&) override {}

    response_info head_;
    std::string_view body_;
    bool has_chunk_ = false;
};

} // namespace crier::detail
