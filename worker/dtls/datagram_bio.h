#pragma once

#include <openssl/bio.h>

#include "common/base/bytes.h"
#include "worker/dtls/flight.h"

namespace parley::dtls {

// What a handshake's BIO reads and writes during one call of OpenSSL: one datagram in, which is
// read once and whole, and any number out.
struct DatagramPort {
    base::Bytes in;
    Flight* out = nullptr;
};

// The BIO's functions; the caller frees it with BIO_meth_free(). Nullptr when OpenSSL refuses.
BIO_METHOD* make_datagram_bio_method();

// A BIO over `port`, which must outlive it. Nullptr when OpenSSL refuses.
BIO* make_datagram_bio(const BIO_METHOD* method, DatagramPort* port);

}  // namespace parley::dtls
