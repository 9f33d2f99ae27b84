#include "worker/ice/path_table.h"

#include <algorithm>

#include "common/base/ensure.h"

namespace parley::ice {

bool PathTable::on_check(base::Instant now, const net::Path& path, const Check& check) {
    const size_t known = find(path);
    const bool added = known == kNone;
    const size_t place = added ? make_room(path) : known;
    Proof& proof = proofs_[place];
    const bool first = added || proof.generation != generation_;
    if (first) proof = Proof{};
    proof.generation = generation_;
    proof.heard = now;
    proof.priority = check.priority;
    (check.use_candidate ? proof.nominated : proof.plain) = true;
    if (place == selected_ || !takes_over(now, proof, check, first)) return added;
    if (selected_ != kNone) proofs_[selected_].replaced = now;
    selected_ = place;
    return true;
}

// REQUIRES: `proof` is not the selected one's, and holds `check`, the `first` or a later one.
bool PathTable::takes_over(base::Instant now, const Proof& proof, const Check& check,
                           bool first) const {
    if (selected_ == kNone) return true;
    const Proof& selected = proofs_[selected_];
    if (selected.generation != proof.generation) return true;
    const bool silent = now - selected.heard >= limits::kIceSilence;
    if (!check.use_candidate) return silent && !selected.nominated;
    if (silent || !selected.nominated) return true;
    if (proof.plain) return !proof.replaced || now - *proof.replaced >= limits::kIceReorder;
    return proof.priority > selected.priority || (first && proof.priority == selected.priority);
}

bool PathTable::on_deadline(base::Instant now) {
    const size_t before = size_;
    for (size_t i = size_; i-- > 0;) {
        if (proofs_[i].heard + limits::kIceConsent <= now) erase_at(i);
    }
    if (selected_ == kNone && size_ > 0) selected_ = last_heard();
    return size_ != before;
}

base::Instant PathTable::next_deadline() const {
    base::Instant next = base::Instant::never();
    for (size_t i = 0; i < size_; ++i) {
        next = std::min(next, proofs_[i].heard + limits::kIceConsent);
    }
    return next;
}

bool PathTable::forget(const net::Path& path) {
    const size_t place = find(path);
    if (place == kNone) return false;
    erase_at(place);
    if (selected_ == kNone && size_ > 0) selected_ = last_heard();
    return true;
}

void PathTable::clear() {
    size_ = 0;
    selected_ = kNone;
}

std::optional<net::Path> PathTable::selected() const {
    if (selected_ == kNone) return std::nullopt;
    return paths_[selected_];
}

bool PathTable::nominated() const {
    return selected_ != kNone && proofs_[selected_].nominated;
}

void PathTable::ensure_invariants() const {
    ENSURE(size_ <= limits::kPathsPerTransport);
    ENSURE((selected_ == kNone) == (size_ == 0));
    ENSURE(selected_ == kNone || selected_ < size_);
    for (size_t i = 0; i < size_; ++i) {
        ENSURE(find(paths_[i]) == i);  // each path once
        ENSURE(proofs_[i].nominated || proofs_[i].plain);
    }
}

size_t PathTable::find(const net::Path& path) const {
    for (size_t i = 0; i < size_; ++i) {
        if (paths_[i] == path) return i;
    }
    return kNone;
}

size_t PathTable::make_room(const net::Path& path) {
    static_assert(limits::kPathsPerTransport > 1, "one is selected, another gives way");
    size_t place = kNone;
    if (size_ < limits::kPathsPerTransport) {
        place = size_++;
    } else {
        for (size_t i = 0; i < size_; ++i) {
            if (i == selected_) continue;
            if (place == kNone || proofs_[i].heard < proofs_[place].heard) place = i;
        }
    }
    paths_[place] = path;
    return place;
}

void PathTable::erase_at(size_t place) {
    --size_;
    paths_[place] = paths_[size_];
    proofs_[place] = proofs_[size_];
    if (selected_ == place) {
        selected_ = kNone;
    } else if (selected_ == size_) {
        selected_ = place;
    }
}

size_t PathTable::last_heard() const {
    size_t last = 0;
    for (size_t i = 1; i < size_; ++i) {
        if (proofs_[i].heard > proofs_[last].heard) last = i;
    }
    return last;
}

}  // namespace parley::ice
