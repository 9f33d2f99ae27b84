#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <span>

#include "worker/srtp/key_derivation.h"

namespace parley::bench {

// SRTP by OpenSSL's own modes, with contexts and keys that are kept: what a forwarder does that has
// no cipher of its own. One direction, RTP only, no replay window.
class BareCipher {
public:
    BareCipher(srtp::Profile profile, const srtp::Master& master);
    virtual ~BareCipher() = default;

    static std::unique_ptr<BareCipher> make(srtp::Profile profile, const srtp::Master& master,
                                            bool encrypts);

    // In place: `packet` has `head` bytes of header and, when sealed, room for a tag behind `size`
    // bytes. Return the new size, 0 when it is not authentic.
    virtual size_t seal(uint8_t* packet, size_t head, size_t size, uint32_t ssrc,
                        uint64_t index) = 0;
    virtual size_t open(uint8_t* packet, size_t head, size_t size, uint32_t ssrc,
                        uint64_t index) = 0;

protected:
    struct Free {
        void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
        void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
    };

    srtp::SessionKeys keys_;
    std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
};

}  // namespace parley::bench
