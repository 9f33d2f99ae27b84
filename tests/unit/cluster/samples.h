#pragma once

#include <string>
#include <vector>

#include "common/cluster/codec.h"

// One of each message, with something in every member.
namespace parley::cluster::samples {

// The same with one more member in each of its objects, as a later version might say it.
inline std::string of_later_version(const std::string& json) {
    std::string more;
    for (size_t i = 0; i < json.size(); ++i) {
        more += json[i];
        if (json[i] != '{') continue;
        more += R"("later":[{}])";
        if (i + 1 < json.size() && json[i + 1] != '}') more += ',';
    }
    return more;
}

inline RoomOptions options() {
    return {.max_peers = 25,
            .empty_timeout = 90s,
            .metadata = R"({"team":"blü","list":[1,2.5,null]})",
            .region = "eu-west",
            .anti_affinity = "big-ones"};
}

inline std::vector<Command> commands() {
    return {RoomCreate{"standup", options()},
            RoomCreate{"", {}},
            RoomClose{"standup"},
            RoomGet{"standup"},
            RoomList{"room-17", 250},
            RoomList{},
            RoomWhy{"standup"},
            PeerAdd{"standup", "ada", "Ada L. \"Λ\"", true, false, false, 90s},
            PeerAdd{.room = "standup", .peer = "", .name = ""},
            PeerKick{"standup", "ada", "spam"},
            PeerMute{"standup", "ada", false},
            PeerFind{"standup", "Ada \"Λ\"", 20},
            PeerFind{.room = "standup", .peer = ""},
            ServerList{},
            ServerDrain{"server-1", 300s},
            ServerDrain{"server-1", std::nullopt},
            ServerUndrain{"server-1"},
            RoomOpen{"standup", 7, options()},
            RoomOpen{"standup", 1, {.empty_timeout = 1'500ms}},
            RoomRelease{"standup", 8, "server-2", "wss://two.example/"},
            RoomRelease{"standup", 8, "", ""},
            RoomRelease{.room = "standup", .epoch = 8, .closed = true},
            BeatWanted{}};
}

inline Beat beat() {
    const Instant created = Instant::from_micros(1'795'259'533'456'789);
    return {.server = "server-1",
            .incarnation = 1'795'259'000'000'000,
            .number = 42,
            .region = "eu-west",
            .version = "0.1.0",
            .signalling = "wss://one.example/",
            .link = "ws://10.0.0.1:4400/",
            .link_key = "d3adb33f",
            .state = ServerState::Draining,
            .load = {.capacity = 6.5,
                     .used = 2.25,
                     .per_peer = 0.0078125,
                     .workers = 8,
                     .peers = 288,
                     .most_rooms = 10'000,
                     .most_peers = 5'000,
                     .overloaded = true,
                     .each = {0.25, std::nullopt, 2}},
            .whole = false,
            .rooms = {{"standup", 7, 12, created, options(), {"server-3", "server-2"}},
                      {"retro", 1, 0, created, {}}},
            .closed = {"old", "older"},
            .released = {"elsewhere"},
            .drain_left = 1500ms,
            .leaving = true};
}

inline std::vector<Answer> answers() {
    return {{.refusal = {}, .data = R"({"room":"standup","n":[1,2]})"},
            {.refusal = {}, .data = "null"},
            {.refusal = Refusal{404, "no such room"}}};
}

inline Event event() {
    return {.type = "peer.joined",
            .at = Instant::from_micros(1'795'259'533'000'001),
            .server = "server-1",
            .room = "standup",
            .epoch = 7,
            .number = 3,
            .data = R"({"peer":"ada"})"};
}

inline RoomPlace place() {
    return {.room = "standup",
            .home = "server-1",
            .epoch = 7,
            .signalling = "wss://one.example/",
            .peers = 3,
            .created = Instant::from_micros(1'795'259'533'000'000),
            .options = options()};
}

}  // namespace parley::cluster::samples
