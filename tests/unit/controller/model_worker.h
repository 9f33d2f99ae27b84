#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace parley::test {

// A worker as the pipe shows it: it speaks real frames, keeps what a real one keeps, holds the
// controller to the schema's promises, and carries no media.
class ModelWorker {
public:
    struct Transport {
        uint64_t router;
        std::string app_data;
        bool connected = false;
    };
    struct Producer {
        uint64_t transport;
        uint32_t ssrc;
        std::string mid;
        bool paused;
        std::string app_data;
        uint32_t csrc = 0;
    };
    struct Consumer {
        uint64_t transport;
        uint64_t producer;
        uint32_t ssrc;
        std::string mid;
        bool paused;
    };

    // Of one transport that hears in slots. The slots are consumers of producer 0.
    struct Listener {
        uint32_t self;
        std::vector<uint32_t> muted, pinned;
    };
    struct Pipe {
        std::string app_data;
        std::string key;  // its own; the other's, and where that is, once it is connected
        std::string remote_key = {};
        uint16_t remote_port = 0;
    };
    // What goes into a pipe.
    struct Leaving {
        uint64_t router;
        uint64_t pipe;
        uint64_t producer;
        uint32_t ssrc;
        std::string app_data;
        bool paused = false;
    };
    // Of a router and a pipe: which of what leaves goes in.
    struct Rule {
        uint32_t loudest;
        std::vector<uint32_t> always;
        bool operator==(const Rule&) const = default;
    };
    using Rules = std::map<std::pair<uint64_t, uint64_t>, Rule>;
    // What comes out of a pipe.
    struct Arrived {
        uint64_t router;
        uint64_t pipe;
        uint32_t ssrc;
        bool paused;
        std::string app_data;
    };

    explicit ModelWorker(uint32_t pid) : pid_(pid) {}

    // Carries out the requests of one frame and returns the frame that answers them.
    std::vector<uint8_t> on_frame(std::span<const uint8_t> frame);

    static std::vector<uint8_t> volumes(uint64_t observer,
                                        const std::vector<std::pair<uint64_t, int>>& levels);
    static std::vector<uint8_t> dominant(uint64_t observer, uint64_t producer);
    // The handshake has ended well, or has begun.
    static std::vector<uint8_t> dtls(uint64_t transport, bool connected);
    struct SlotSpeaker {
        uint64_t transport, consumer;
        uint32_t csrc;
    };
    static std::vector<uint8_t> slot_speakers(const std::vector<SlotSpeaker>& speakers);

    // The producer of this worker, or what comes out of a pipe here, whose packets reach this
    // consumer; 0: none do.
    uint64_t heard_by(uint64_t consumer) const;
    bool speaks(uint64_t producer) const;  // and is not paused

    uint32_t pid() const { return pid_; }
    const std::map<uint64_t, std::string>& routers() const { return routers_; }
    const std::map<uint64_t, Transport>& transports() const { return transports_; }
    const std::map<uint64_t, Producer>& producers() const { return producers_; }
    const std::map<uint64_t, Consumer>& consumers() const { return consumers_; }
    const std::map<uint64_t, Listener>& listeners() const { return listeners_; }
    const std::map<uint64_t, Pipe>& pipes() const { return pipes_; }
    const std::map<uint64_t, Leaving>& leaving() const { return leaving_; }
    const std::map<uint64_t, Arrived>& arrived() const { return arrived_; }
    const Rules& rules() const { return rules_; }
    uint16_t port() const { return static_cast<uint16_t>(40'000 + pid_); }
    // Observers of a router, levels first.
    std::vector<uint64_t> observers(uint64_t router) const;

    // Changes what is kept for the controller, as a faulty one might have left it.
    void rewrite_app_data(const std::function<std::string(const std::string&)>& rewrite);

    uint16_t major = 1;  // of the pipe, as it says
    std::string name;    // of the controller that said Hello last
    size_t most_routers = 1000;
    size_t most_pipes = 1000;
    size_t most_crossing = 1000;  // streams, each way
    bool hangs = false;           // hears, and says nothing
    bool babbles = false;         // answers more than it was asked
    bool lies = false;            // somebody changes what it says: no promise is held to it
    bool shut_down = false;
    uint64_t cpu_ns = 0;  // as its statistics say
    size_t frames = 0;
    size_t rules_set = 0;
    size_t refusals = 0;          // requests that were refused
    std::vector<size_t> batches;  // requests in each frame

private:
    struct Writer;

    bool use(uint64_t id);
    void close_router(uint64_t id);
    void close_transport(uint64_t id);
    void close_producer(uint64_t id);
    void close_pipe(uint64_t id);
    bool leaves(uint64_t router, uint64_t pipe) const;
    std::optional<uint64_t> router_of(uint64_t producer) const;
    bool is_paused(uint64_t producer) const;
    bool taken(uint64_t transport, uint32_t ssrc, const std::string& mid) const;

    uint32_t pid_;
    uint32_t next_ssrc_ = 1000;
    std::set<uint64_t> used_;
    std::map<uint64_t, std::string> routers_;
    std::map<uint64_t, std::pair<uint64_t, int>> observers_;  // router, kind
    std::map<uint64_t, Transport> transports_;
    std::map<uint64_t, Producer> producers_;
    std::map<uint64_t, Consumer> consumers_;
    std::map<uint64_t, Listener> listeners_;  // by transport
    std::map<uint64_t, Pipe> pipes_;
    std::map<uint64_t, Leaving> leaving_;
    std::map<uint64_t, Arrived> arrived_;
    Rules rules_;
};

}  // namespace parley::test
