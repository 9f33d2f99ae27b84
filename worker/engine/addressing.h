#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/flat_map.h"
#include "common/base/handle.h"
#include "worker/router/router.h"

namespace parley::engine {

// Where a datagram belongs.
struct Destination {
    base::Handle<router::Router> router;
    router::LegHandle leg;
    base::Handle<router::Pipe> pipe = {};  // if set: of this, and of no router
    bool shared = false;                   // or of another of pipes_at()

    bool operator==(const Destination&) const = default;
};

// Which transport a datagram is for. A check says so in its USERNAME; everything else is known by
// the path it came on, once a check has proved that path, or a controller has told it.
class Addressing {
public:
    const Destination* of_fragment(std::string_view fragment) const;
    const Destination* of_path(const net::Path& path) const { return paths_.find(path); }

    // Learns what the agent of the transport answers to now, and unlearns what it no longer does.
    // A path that another transport has proved since stays with that one.
    void update(uint64_t transport, const Destination& destination, const ice::LiteAgent& agent);
    void forget(uint64_t transport);

    // The path of a pipe is told, not proved: a transport that proves it does not have it. Several
    // may take the same: two controllers that use the same two workers know nothing of each other.
    void add_pipe(base::Handle<router::Pipe> pipe, const net::Path& path);
    void forget_pipe(base::Handle<router::Pipe> pipe, const net::Path& path);
    const std::vector<base::Handle<router::Pipe>>& pipes_at(const net::Path& path) const {
        return *pipes_.find(path);
    }

    size_t transports() const { return known_.size(); }
    size_t paths() const { return paths_.size(); }

private:
    using Fragment = uint64_t;  // its eight characters

    struct Known {
        std::array<net::Path, limits::kPathsPerTransport> paths{};
        size_t path_count = 0;
        std::array<Fragment, 2> fragments{};
        size_t fragment_count = 0;
        Destination destination;
    };

    bool is_pipe(const net::Path& path) const;
    static std::optional<Fragment> key_of(std::string_view fragment);
    void take_out(const Known& known);

    base::FlatMap<Fragment, Destination> fragments_;
    base::FlatMap<net::Path, Destination, net::PathHash> paths_;
    base::FlatMap<uint64_t, Known> known_;  // by transport id
    base::FlatMap<net::Path, std::vector<base::Handle<router::Pipe>>, net::PathHash> pipes_;
};

}  // namespace parley::engine
