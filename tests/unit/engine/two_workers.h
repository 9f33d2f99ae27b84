#pragma once

#include <functional>

#include "tests/unit/engine/fixture.h"

namespace parley::test {

constexpr uint64_t kPipe = 7;

struct PipedSsrcs {
    uint32_t ssrc = 0;
    uint32_t rtx_ssrc = 0;
};

// Two workers at one time, and what their controllers do to join them by a pipe: router 1 and Ada
// (transport 10, producer 20) at the one, router 2 and Bob (transport 11) at the other.
class TwoWorkers {
public:
    // Whether a datagram arrives.
    using Way = std::function<bool(base::Bytes datagram)>;

    explicit TwoWorkers(bool first_repairs = true, bool second_repairs = true);

    // Ada's voice goes into the pipe (consumer 30), comes out as producer 21 of router 2, and is
    // heard there by Bob (consumer 31).
    PipedSsrcs let_bob_hear_ada();
    void speak(uint16_t sequence_number, const std::string& payload = "voice");

    Replied pipe_consume(uint64_t consumer, uint64_t producer, bool paused = false);
    Replied pipe_produce(uint64_t producer, PipedSsrcs ssrcs, uint32_t csrc = 0);
    Replied close_pipe(Fixture& at);
    Replied pipe_stats(Fixture& at);

    // Delivers what is under way between the two, both ways, until nothing is.
    void carry();
    // Lets time pass at both, and carries after each deadline. Each way takes `delay`.
    void pass(base::Duration time, base::Duration delay = 0us);

    Way to_first = [](base::Bytes) { return true; };
    Way to_second = [](base::Bytes) { return true; };

    Fixture first, second;
    net::Path first_to_second, second_to_first;  // as each sees the other
    std::unique_ptr<ModelPeer> ada, bob;

private:
    struct UnderWay {
        Instant at;
        bool to_first;
        Bytes datagram;
    };
    void collect(base::Duration delay);
    bool deliver_due();

    std::vector<UnderWay> under_way_;
};

// A pipe made in each and told to the other; what is under way is not yet delivered.
Replied create_pipe(Fixture& at, uint64_t id, bool repair = true);
Replied connect_pipe(Fixture& at, uint64_t id, uint16_t port, const pipe::PipeCreated& other,
                     uint16_t version = router::PipeHeader::kVersion);

}  // namespace parley::test
