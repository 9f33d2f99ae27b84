#include "tests/bench/router_service/model.h"

#include <malloc.h>

#include <algorithm>
#include <cstdio>

#include "common/base/ensure.h"
#include "common/cluster/codec.h"
#include "common/cluster/names.h"

namespace parley::bench {

namespace {

constexpr uint32_t kRoomsInBeat = 20'000;

// As long as a UUID.
std::string room_name(uint32_t room) {
    char name[40];
    std::snprintf(name, sizeof name, "%08x-0000-4000-8000-%012x", room * 2'654'435'761u, room);
    return name;
}

double heap_bytes() {
    const struct mallinfo2 info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

}  // namespace

std::string server_name(uint32_t server) {
    return "server-" + std::to_string(server);
}

Model::Model(uint32_t servers, uint32_t rooms)
    : core_({.settle = 0s, .takeover_settle = 0s}, random_) {
    router_service::Outputs out;
    core_.on_connected(now_, out);
    const double empty = heap_bytes();
    for (uint32_t server = 0; server < servers; ++server) beat(server, 1, true, 0, 0);
    bytes_per_server_ = (heap_bytes() - empty) / servers;
    const double with_servers = heap_bytes();
    const uint32_t each = rooms / servers;
    for (uint32_t server = 0; server < servers; ++server) {
        uint64_t number = 1;
        for (uint32_t first = 0; first < each; first += kRoomsInBeat) {
            const uint32_t count = std::min(kRoomsInBeat, each - first);
            beat(server, ++number, false, server * each + first, count);
        }
    }
    bytes_per_room_ = (heap_bytes() - with_servers) / (double{1} * each * servers);
    const cluster::Delivery probe{.tag = 1,
                                  .queue = std::string(cluster::kRooms),
                                  .key = std::string(cluster::kRoomsKey),
                                  .body = cluster::write(cluster::ServerList{})};
    core_.on_delivery(now_, probe, out);
    core_.on_deadline(now_, out);
    ENSURE(core_.is_active() && core_.is_whole());
    ENSURE(core_.picture().servers().size() == servers);
    ENSURE(core_.picture().rooms().size() == size_t{each} * servers);
}

void Model::beat(uint32_t server, uint64_t number, bool whole, uint32_t first, uint32_t count) {
    cluster::Beat beat;
    beat.server = server_name(server);
    beat.incarnation = 1;
    beat.number = number;
    beat.signalling = "wss://" + beat.server + ".example/";
    beat.link = "ws://" + beat.server + ".example/";
    beat.load = {.capacity = 10'000, .used = 1, .per_peer = 0.001, .workers = 8};
    beat.whole = whole;
    const base::Instant long_ago = now_ - 1h;
    for (uint32_t room = first; room < first + count; ++room) {
        beat.rooms.push_back({room_name(room), 1, 8, long_ago, {}});
    }
    router_service::Outputs out;
    core_.on_delivery(now_,
                      {.tag = 0,
                       .queue = "beats",
                       .key = cluster::load_key(beat.server),
                       .body = cluster::write(beat)},
                      out);
}

}  // namespace parley::bench
