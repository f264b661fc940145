#include "unkept_names.hpp"

#include <boost/crc.hpp>

namespace crier::detail {
namespace {

/// The same in each process.
std::uint64_t slot_of(std::string_view name) {
    constexpr std::uint64_t slots = 256;
    boost::crc_32_type hash;
    hash.process_bytes(name.data(), name.size());
    return hash.checksum() % slots;
}

} // namespace

unkept_names::unkept_names(database& in)
    : find_{in, "SELECT through FROM unkept WHERE slot = ?1"},
      note_{in, "INSERT INTO unkept (slot, through) VALUES (?1, ?2) "
                "ON CONFLICT (slot) DO UPDATE SET through = max(through, excluded.through)"} {}

std::uint64_t unkept_names::through(std::string_view name) {
    cursor found = find_(slot_of(name));
    return found.next() ? found.sequence(0) : 0;
}

void unkept_names::note(std::string_view name, std::uint64_t sequence) {
    note_.run(slot_of(name), sequence);
}

} // namespace crier::detail
