#pragma once

#include <span>

#include "worker/router/speakers.h"

namespace parley::router {

constexpr Speakers::Number kNobody = ~Speakers::Number{0};

// Gives each of `wanted` one of the `seats`. Who has a seat keeps it, and who is not wanted loses
// his: so that a voice changes its stream only when it must. The others take what is free, the
// first wanted the first seat. REQUIRES: none is wanted twice; at most as many as there are seats.
void seat(std::span<Speakers::Number> seats, std::span<const Speakers::Number> wanted);

}  // namespace parley::router
