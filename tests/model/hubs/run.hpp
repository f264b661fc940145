#pragma once

#include "engine.hpp"
#include "hub.hpp"
#include "library_clients.hpp"
#include "publisher.hpp"
#include "raw_client.hpp"
#include "settings.hpp"
#include "sighting.hpp"
#include "support/temporary.hpp"
#include "town.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace crier::model {

/// All that publishes, reads, serves and is disturbed, from its start to its end.
class run {
public:
    explicit run(const settings& with);

    /// Tells how many violations there were, and which.
    std::size_t go();

private:
    void make_clients();
    std::string file(const std::string& name) const;
    std::vector<std::string> command(std::size_t number) const;
    /// How many hubs need an end of their own.
    std::size_t islands() const { return with_.is_shared() ? 1 : with_.hubs; }

    void publish();
    void wait() const;
    void publish_ends(const std::function<void(std::size_t, std::uint32_t, event_id)>& note);
    void publish_ends_while(const std::function<void()>& reading);
    void read_to_the_end();
    void read_all_again();
    std::size_t report() const;

    const test::temporary_directory folder_;
    const settings with_;
    town town_{with_};
    std::list<publisher> publishers_; ///< the last publishes the ends
    std::list<raw_client> clients_;
    library_clients library_{town_};
    std::optional<engine> engine_;
    std::list<hub> hubs_;
    std::vector<std::thread> readers_;
    std::vector<sightings> seen_;
};

} // namespace crier::model
