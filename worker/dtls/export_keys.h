#pragma once

#include <openssl/ssl.h>

#include "worker/dtls/keys.h"
#include "worker/dtls/state.h"

namespace parley::dtls {

// The keys of a finished handshake, split by our role in it. RFC 5764 §4.2.
// REQUIRES: an SRTP profile was agreed.
SrtpKeys export_srtp_keys(SSL* ssl, Role role);

// The keys that the handshake's own records have from here on. RFC 5246 §6.3.
// REQUIRES: the cipher is AES-GCM.
RecordKeys export_record_keys(SSL* ssl, Role role);

}  // namespace parley::dtls
