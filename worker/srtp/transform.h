#pragma once

#include <variant>

#include "worker/srtp/aead_transform.h"
#include "worker/srtp/counter_transform.h"

namespace parley::srtp {

// The one a profile asks for, keyed for one direction. RFC 3711 §4.
using Transform = std::variant<AeadTransform, CounterTransform>;

Transform make_transform(Profile profile, const Master& master);

// Calls `use` with the transform that is there; no virtual call, no table of functions.
template <typename Use>
auto with(Transform& transform, Use use) {
    if (auto* aead = std::get_if<AeadTransform>(&transform)) return use(*aead);
    return use(*std::get_if<CounterTransform>(&transform));
}

}  // namespace parley::srtp
