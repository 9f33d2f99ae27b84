#include "controller/drain.h"

namespace parley::controller {

using cluster::ServerState;

void Drain::begin(Instant now, std::optional<base::Duration> deadline, bool for_good) {
    if (state_ == ServerState::Up) state_ = ServerState::Draining;
    deadline_ = deadline ? now + *deadline : Instant::never();
    // Who is told to drain again does not learn by it that it may stay.
    for_good_ = for_good_ || for_good;
}

void Drain::undo() {
    *this = Drain();
}

bool Drain::on_rooms(Instant now, size_t rooms) {
    if (state_ == ServerState::Up) return false;
    const bool due = now >= deadline_;
    if (due) deadline_ = Instant::never();
    state_ = due || rooms == 0 ? ServerState::Drained : ServerState::Draining;
    return due;
}

std::optional<base::Duration> Drain::left(Instant now) const {
    if (deadline_.is_never() || deadline_ <= now) return std::nullopt;
    return deadline_ - now;
}

}  // namespace parley::controller
