#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/cluster/mail.h"
#include "router-service/picture.h"

namespace parley::router_service {

// Looks for somebody in all rooms: the servers alone know who is in them, so each is asked. A
// person asks for it now and then; it decides nothing, so either replica does it.
class PeerSearch {
public:
    static constexpr size_t kSearchesMost = 4;  // at a time
    static constexpr size_t kFoundMost = 100;   // peers in one answer
    static constexpr Duration kTime = 1500ms;   // for the servers to answer

    // A search that has ended.
    struct Found {
        uint64_t request = 0;
        std::string json;  // {"peers": [PeerPlace, ...], "asked": servers, "silent": of these}
    };

    // Asks every server that is not lost for `peer`: an id, or a part of a name. Without any server
    // there is no search. Nothing when enough is being searched for. REQUIRES: `peer` is not "",
    // and at most kNameBytes long.
    std::optional<std::vector<cluster::Publish>> on_search(Instant now, uint64_t request,
                                                           std::string_view peer,
                                                           const Servers& servers);

    // True when it is an answer to a search, of now or before; `found` when that ended with it.
    bool on_delivery(const cluster::Delivery& delivery, std::optional<Found>& found);

    // Searches whose time is over.
    std::vector<Found> on_deadline(Instant now);
    std::vector<Found> on_disconnected();
    Instant next_deadline() const;

private:
    struct Search {
        uint64_t request = 0;
        Instant until;
        size_t asked = 0;
        std::set<size_t> waiting = {};  // places in the row of who was asked
        std::vector<cluster::PeerPlace> peers = {};
        size_t refused = 0;  // by servers of older versions
    };

    static Found end(Search search);

    std::map<uint64_t, Search> searches_;  // by number: the earliest deadline first
    uint64_t last_ = 0;
};

}  // namespace parley::router_service
