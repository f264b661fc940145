#include "draft.hpp"

#include <crier/wire/errc.hpp>

#include "id_text.hpp"
#include "shard.hpp"
#include "supersede_key.hpp"
#include "wire/frame_access.hpp"
#include "wire/json_text.hpp"

#include <utility>

namespace crier::detail {
namespace {

/// How long a number is in an id; only the number changes between encoding and publishing.
std::size_t digits(std::uint64_t sequence) noexcept {
    std::size_t count = 1;
    for (; sequence >= 36; sequence /= 36) {
        ++count;
    }
    return count;
}

} // namespace

bool draft::is_ready_for(const sight& seen) const noexcept {
    if (seen.is_shut_down) {
        return true;
    }
    if (!seen.to && (!opening_ || !opening_->keeps())) {
        return opening_.has_value();
    }
    return is_encoded_for(seen);
}

bool draft::is_encoded_for(const sight& seen) const noexcept {
    return !content_.empty() && digits(guessed_) == digits(seen.next_sequence) &&
           (!compares_ || compared_with_ == seen.last) && deliveries_.size() >= seen.lanes;
}

boost::system::error_code draft::prepare(const sight& seen) {
    if (!seen.to && !opening_) {
        opening_.emplace();
        if (of_.run == nullptr && !terms_.options.rules.empty()) {
            opening_ = terms_.topics.settings_of(of_.topic);
        }
        if (!opening_->keeps()) {
            return {};
        }
    }
    encoded_for_ = seen.to;
    const topic_settings& as = seen.to ? seen.to->settings : *opening_;
    convert(of_.options.only_changes || as.only_changes);
    if (const auto refused = check(as)) {
        return refused;
    }
    if (compares_ && compared_with_ != seen.last) {
        // Values may be large: they are compared without the lock.
        compared_with_ = seen.last;
        equals_last_ = seen.last && *seen.last == *value_;
    }
    if (content_.empty() || digits(guessed_) != digits(seen.next_sequence)) {
        if (const auto refused = encode(as, id_text{{terms_.epoch, seen.next_sequence}}.view())) {
            return refused;
        }
        guessed_ = seen.next_sequence;
    }
    fill(deliveries_, seen.lanes, terms_.account);
    return {};
}

boost::system::error_code draft::prepare_unnumbered() {
    opening_ = terms_.topics.settings_of(of_.topic);
    convert(of_.options.only_changes);
    const auto refused = check(*opening_);
    return refused ? refused : encode(*opening_, {});
}

void draft::convert(bool compares) {
    if (std::exchange(is_converted_, true)) {
        return;
    }
    compares_ = compares;
    boost::json::value data;
    if (of_.json != nullptr) {
        data = (*of_.json)();
        text_ = json_text(data);
        whole_.data = text_;
    } else {
        whole_ = *of_.whole;
    }
    if (!of_.options.type.empty()) {
        whole_.type = of_.options.type;
    }
    if (compares && of_.json != nullptr) {
        value_ = std::make_shared<const last_value>(
            last_value{std::string{whole_.type}, std::move(data)});
    } else if (compares) {
        value_ = std::make_shared<const last_value>(
            last_value{std::string{whole_.type}, std::string{whole_.data}});
    }
}

std::string_view draft::type_in(const topic_settings& as) const noexcept {
    return whole_.type.empty() ? std::string_view{as.type} : whole_.type;
}

boost::system::error_code draft::check(const topic_settings& as) const noexcept {
    if (of_.options.key.size() > terms_.options.key_bytes) {
        return errc::invalid_key;
    }
    if (type_in(as).starts_with("crier.")) {
        return errc::reserved_type;
    }
    if (terms_.options.ids && !whole_.id.empty()) {
        const auto cursor = parse_event_id(whole_.id);
        if (cursor && cursor->epoch == terms_.epoch) {
            return errc::reserved_id;
        }
    }
    return {};
}

boost::system::error_code draft::encode(const topic_settings& as, std::string_view id) {
    event_view whole = whole_;
    whole.type = type_in(as);
    if (terms_.options.ids && whole.id.empty()) {
        whole.id = id;
    }
    auto made =
        frame_access::make(whole, supersede_key(of_.options.key, whole_.type), terms_.account);
    if (!made) {
        return made.error();
    }
    content_ = std::move(*made);
    return {};
}

const frame& draft::numbered(event_id id) noexcept {
    if (terms_.options.ids && whole_.id.empty()) {
        frame_access::set_id(content_, id_text{id}.view());
    }
    return content_;
}

} // namespace crier::detail
