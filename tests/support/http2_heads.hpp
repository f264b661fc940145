#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crier::test {

/// Reads the heads of a peer, one after the other.
class http2_heads {
public:
    http2_heads() { nghttp2_hd_inflate_new(&inflater_); }
    http2_heads(const http2_heads&) = delete;
    http2_heads& operator=(const http2_heads&) = delete;
    ~http2_heads() { nghttp2_hd_inflate_del(inflater_); }

    /// The fields, as "name: value" lines.
    std::string inflated(std::string_view block) {
        std::string text;
        const auto* in = reinterpret_cast<const std::uint8_t*>(block.data());
        std::size_t left = block.size();
        int flags = 0;
        while ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) {
            nghttp2_nv field{};
            const auto size = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, in, left, 1);
            if (size < 0) {
                return "cannot be read";
            }
            in += size;
            left -= static_cast<std::size_t>(size);
            if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
                text.append(reinterpret_cast<const char*>(field.name), field.namelen)
                    .append(": ")
                    .append(reinterpret_cast<const char*>(field.value), field.valuelen)
                    .append("\n");
            }
        }
        nghttp2_hd_inflate_end_headers(inflater_);
        return text;
    }

private:
    nghttp2_hd_inflater* inflater_ = nullptr;
};

using http2_fields = std::vector<std::pair<std::string, std::string>>;

/// Writes the heads of requests, one after the other.
class http2_request_heads {
public:
    http2_request_heads() { nghttp2_hd_deflate_new(&deflater_, 4096); }
    http2_request_heads(const http2_request_heads&) = delete;
    http2_request_heads& operator=(const http2_request_heads&) = delete;
    ~http2_request_heads() { nghttp2_hd_deflate_del(deflater_); }

    static http2_fields get(std::string path, const http2_fields& more = {}) {
        http2_fields all{{":method", "GET"}, {":scheme", "http"}, {":path", std::move(path)},
            {":authority", "localhost"}};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    std::string deflated(const http2_fields& all) {
        std::vector<nghttp2_nv> list;
        for (const auto& [name, value] : all) {
            list.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                value.size(), NGHTTP2_NV_FLAG_NONE});
        }
        std::string block(nghttp2_hd_deflate_bound(deflater_, list.data(), list.size()), '\0');
        const auto size = nghttp2_hd_deflate_hd(deflater_,
            reinterpret_cast<std::uint8_t*>(block.data()), block.size(), list.data(), list.size());
        block.resize(static_cast<std::size_t>(size));
        return block;
    }

private:
    nghttp2_hd_deflater* deflater_ = nullptr;
};

} // namespace crier::test
