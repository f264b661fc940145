#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace crier::test {

/// What of a file is on the disk for sure, and what was written since it was last synchronised.
class file_on_disk {
public:
    file_on_disk() = default;
    explicit file_on_disk(std::string content) : safe_{std::move(content)} {}

    void write(std::size_t at, std::string_view bytes) {
        since_.push_back({at, std::string{bytes}, false});
    }
    void cut(std::size_t size) { since_.push_back({size, {}, true}); }

    void synchronize() {
        for (const change& each : since_) {
            each.apply(safe_, [] { return true; });
        }
        since_.clear();
        was_synchronized_ = true;
    }

    /// Whether there would be such a file at all.
    bool is_there(bool keeps_some) const { return was_synchronized_ || keeps_some; }

    /// What is left after a power failure: a disk writes its sectors in any order, so each that
    /// was written since is asked for.
    std::string left(const std::function<bool()>& keeps) const {
        std::string content = safe_;
        for (const change& each : since_) {
            each.apply(content, keeps);
        }
        return content;
    }

private:
    struct change {
        std::size_t at;
        std::string bytes;
        bool is_cut;

        void apply(std::string& to, const std::function<bool()>& keeps) const {
            if (is_cut) {
                to.resize(keeps() ? std::min(at, to.size()) : to.size());
                return;
            }
            constexpr std::size_t sector = 512;
            for (std::size_t done = 0; done < bytes.size();) {
                const std::size_t size =
                    std::min(sector - (at + done) % sector, bytes.size() - done);
                if (keeps()) {
                    to.resize(std::max(to.size(), at + done + size));
                    to.replace(at + done, size, bytes, done, size);
                }
                done += size;
            }
        }
    };

    std::string safe_;
    std::vector<change> since_;
    bool was_synchronized_ = false;
};

} // namespace crier::test
