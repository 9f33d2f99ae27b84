#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "worker/engine/control.h"
#include "worker/engine/media.h"

namespace parley::engine {

struct Options {
    std::string worker_id;
    uint32_t pid = 0;
    std::vector<Listen> listens;
    base::Duration orphan_timeout = limits::kOrphaned;
};

using ControllerId = uint64_t;  // one connection on the worker's socket; never used twice

struct FrameOut {
    ControllerId controller;
    std::vector<uint8_t> bytes;  // without the size prefix
};

// The worker: media that outlives control. Datagrams are forwarded whether or not a controller is
// connected; one that comes back asks for a snapshot. What a controller has made is closed when
// none of its name was there for orphan_timeout; without any for longer than that the worker ends
// itself.
class Engine {
public:
    Engine(Options options, const dtls::Identity& identity, base::Random& random,
           base::Instant now);

    // The bytes are decrypted in place.
    void on_datagrams(base::Instant now, std::span<net::Datagram> batch, net::Outbox& out);

    // The TCP connection that is this path has ended.
    void on_path_closed(base::Instant now, const net::Path& path, net::Outbox& out);
    // The TCP ports that were taken at the start are open: new transports have candidates of them.
    void on_tcp_open() { media_.on_tcp_open(); }
    // Whether somebody has proved the path by a connectivity check, or a controller told it.
    bool knows(const net::Path& path) const { return media_.knows(path); }

    void on_controller_connected(base::Instant now, ControllerId controller);
    // `frame` is aligned to 8 bytes, without its size prefix, and only borrowed. False: it cannot
    // be read, and the connection must be closed.
    [[nodiscard]] bool on_frame(base::Instant now, ControllerId controller, base::Bytes frame,
                                net::Outbox& out);
    void on_controller_gone(base::Instant now, ControllerId controller);

    void on_deadline(base::Instant now, net::Outbox& out);
    base::Instant next_deadline() const;

    // Ends it orderly: peers are told, and finished() is true.
    void on_stop(base::Instant now, net::Outbox& out);

    // What the process has used, for the statistics; the shell says so about once a second.
    void on_usage(const Usage& usage) { usage_ = usage; }

    // What must go to controllers, after any call that may have produced it.
    std::vector<FrameOut> take_frames();

    // Asked to end, or orphaned for too long. What the outbox holds is still to be flushed.
    bool finished() const { return finished_; }

    const router::Counters& counters() const { return counters_; }
    const Media& media() const { return media_; }
    void ensure_invariants() const;

private:
    struct Controller {
        bool greeted = false;  // the handshake is done
        std::string name;
    };

    void tell(std::vector<router::Notice>& notices);
    bool heard() const;
    bool heard(std::string_view name) const;
    void close_orphans(base::Instant now, Turn& turn);

    Options options_;
    Usage usage_;
    Media media_;
    router::Counters counters_;
    std::map<ControllerId, Controller> controllers_;
    Owners owners_;
    base::Instant alone_since_;
    std::map<std::string, base::Instant, std::less<>> missed_;  // names without a controller: since
    std::vector<FrameOut> frames_;
    bool finished_ = false;
};

}  // namespace parley::engine
