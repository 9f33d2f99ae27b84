#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "router-service/picture.h"
#include "router-service/scale.h"

namespace parley::router_service {

struct SurplusRules {
    bool drains = false;  // servers that are too many
    // For the rooms of a server that is drained to end by themselves; then they move.
    Duration deadline = 1h;
    double share = 0.1;  // of the servers that take rooms are drained at once, at most, but one
};

// Drains the servers that are too many, the emptiest first, so that fewer can be wanted; and takes
// it back when they are needed again, which is sooner than any new one is there. A drain that
// somebody else began is theirs.
class Surplus {
public:
    struct Wish {
        std::string server;
        bool drain;  // else: undrain
    };

    explicit Surplus(SurplusRules rules) : rules_(rules) {}

    // Once for each sample of the scale. The wishes are to be told to the servers: one that is not
    // heeded is said again.
    std::vector<Wish> on_sample(Instant now, const ScaleSignal& signal, const Picture& picture);

    const SurplusRules& rules() const { return rules_; }
    // Servers whose drain is ours.
    size_t drained() const { return ours_.size(); }

private:
    void forget_gone(const Picture& picture);
    std::vector<Wish> drain(Instant now, size_t most, const Picture& picture);
    std::vector<Wish> undrain(size_t most, const Picture& picture);

    SurplusRules rules_;
    std::set<std::string, std::less<>> ours_;
    Instant next_at_;
};

}  // namespace parley::router_service
