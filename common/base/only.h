#pragma once

namespace parley::base {

// A passkey: a function that takes Only<Owner> can be called by Owner alone.
template <typename Owner>
class Only {
    friend Owner;
    Only() = default;
};

}  // namespace parley::base
