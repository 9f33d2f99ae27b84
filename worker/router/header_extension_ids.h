#pragma once

#include <array>
#include <cstdint>

#include "worker/rtp/header_extension.h"

namespace parley::router {

// The id of each header extension in one direction of one peer, as signalling agreed; 0: not used.
class HeaderExtensionIds {
public:
    uint8_t operator[](rtp::Extension extension) const {
        return ids_[static_cast<size_t>(extension)];
    }
    void set(rtp::Extension extension, uint8_t id) { ids_[static_cast<size_t>(extension)] = id; }

    bool operator==(const HeaderExtensionIds&) const = default;

private:
    std::array<uint8_t, rtp::kExtensions> ids_{};
};

}  // namespace parley::router
