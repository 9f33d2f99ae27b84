#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "common/base/time.h"
#include "worker/limits.h"
#include "worker/net/address.h"

namespace parley::ice {

// The paths that a peer has proved, and which of them is sent on.
//
// The peer, always the controlling side, chooses by USE-CANDIDATE (RFC 8445 §7.3.1.5), in one of
// two ways which must be told apart, since both keep repeating it in their later checks:
// - Regular nomination (Chromium, libjuice, aioice): a path is checked plainly first, and then
//   nominated because the peer has chosen it. The last one so nominated wins, whatever its
//   priority: that is how a phone moves from Wi-Fi to the dearer mobile network.
// - Aggressive nomination (RFC 5245 §8.1.1.2, Firefox): every check nominates. The peer goes by
//   priority, and so do we; at equal priority a path not seen before wins, which is what a peer
//   looks like whose NAT gave it a new port.
// A check that was under way while the peer chose anew does not take its choice back: nominations
// of the path that was replaced count again after kIceReorder. A selected path unheard for
// kIceSilence gives way to any other that is nominated.
class PathTable {
public:
    struct Check {
        uint32_t priority = 0;  // of the peer's candidate
        bool use_candidate = false;
    };

    // Hears an authenticated check. A new path may take the place of the least recently heard one
    // that is not selected. True if paths() or selected() changed.
    bool on_check(base::Instant now, const net::Path& path, const Check& check);

    // What was proved before counts no more for the choice: the next check, on whatever path, is
    // like the first. Until then nothing changes. RFC 8445 §9.
    void begin_anew() { ++generation_; }

    // Forgets the paths without a check for kIceConsent (RFC 7675 §5.1: consent belongs to one
    // path). Selects the one heard last if the selected one was among them. True as for on_check.
    bool on_deadline(base::Instant now);
    base::Instant next_deadline() const;

    // Forgets a path on which nothing can be sent any more; if it was the selected one, as above.
    // True if it was known.
    bool forget(const net::Path& path);

    void clear();

    std::span<const net::Path> paths() const { return std::span(paths_).first(size_); }
    std::optional<net::Path> selected() const;
    bool nominated() const;  // the selected path was chosen by the peer

    void ensure_invariants() const;

private:
    static constexpr size_t kNone = limits::kPathsPerTransport;

    struct Proof {
        base::Instant heard;
        uint32_t priority = 0;
        uint32_t generation = 0;
        bool nominated = false;  // by some check of this generation
        bool plain = false;      // some check of this generation did not nominate
        std::optional<base::Instant> replaced;  // when another was selected instead
    };

    size_t find(const net::Path& path) const;
    size_t make_room(const net::Path& path);
    bool takes_over(base::Instant now, const Proof& proof, const Check& check, bool first) const;
    void erase_at(size_t place);
    size_t last_heard() const;

    // paths_[i] was proved by proofs_[i]; apart, so that paths() is a span.
    std::array<net::Path, limits::kPathsPerTransport> paths_{};
    std::array<Proof, limits::kPathsPerTransport> proofs_{};
    size_t size_ = 0;
    size_t selected_ = kNone;
    uint32_t generation_ = 0;
};

}  // namespace parley::ice
