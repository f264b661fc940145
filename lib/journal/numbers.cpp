#include "numbers.hpp"

#include <crier/wire/errc.hpp>

#include "journal_error.hpp"

#include <algorithm>
#include <fstream>
#include <string>

namespace crier::detail {
namespace {

/// Names the time since the machine was started; empty where the system does not tell.
std::string this_boot() {
    std::ifstream from{"/proc/sys/kernel/random/boot_id"};
    std::string name;
    std::getline(from, name);
    return name;
}

} // namespace

numbers::numbers(database& in)
    : in_{in},
      read_{in, "SELECT epoch, max(promised, newest), lost_through, run, is_open, is_synced, boot "
                "FROM state WHERE id = 1"},
      begin_{in, "UPDATE state SET newest = ?1, promised = ?2, lost_through = ?3, run = ?4, "
                 "is_open = 1, is_synced = ?5, boot = ?6 WHERE id = 1"},
      write_{in, "UPDATE state SET newest = ?1, promised = ?2 WHERE id = 1"},
      touch_{in, "UPDATE state SET touches = touches + 1 WHERE id = 1"},
      end_{in, "UPDATE state SET newest = ?1, promised = ?1, is_open = 0 WHERE id = 1"} {}

journal::numbering numbers::begin(journal_safety safety) {
    in_.synchronize(true);
    transaction all{in_, transaction::kind::writing};
    journal::numbering result;
    std::uint64_t lost_through = 0;
    std::int64_t run = 0;
    const std::string boot = this_boot();
    {
        cursor known = read_();
        if (!known.next()) {
            throw journal_error{errc::journal_unusable, "it is damaged: it has no state"};
        }
        result = {known.sequence(0), known.sequence(1)};
        lost_through = known.sequence(2);
        run = known.number(3) + 1;
        const bool was_open = known.number(4) != 0;
        const bool was_synced = known.number(5) != 0;
        // What was only written has outlasted all but the end of the system.
        if (was_open && !was_synced && (boot.empty() || known.bytes(6) != boot)) {
            lost_through = result.newest;
        }
    }
    const std::uint64_t promised = result.newest + most_ahead;
    const std::int64_t is_synced = safety == journal_safety::synced ? 1 : 0;
    begin_.run(result.newest, promised, lost_through, run, is_synced, std::string_view{boot});
    all.commit();
    promised_ = promised;
    run_ = run;
    return result;
}

void numbers::write(std::uint64_t sequence) { write_.run(sequence, promise_with(sequence)); }

void numbers::note(std::uint64_t sequence) noexcept { promised_ = promise_with(sequence); }

void numbers::touch() {
    transaction all{in_, transaction::kind::writing};
    touch_.run();
    all.commit();
}

void numbers::end(std::uint64_t newest) {
    transaction all{in_, transaction::kind::writing};
    end_.run(newest);
    all.commit();
}

} // namespace crier::detail
