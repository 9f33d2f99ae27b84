#include "worker/dtls/datagram_bio.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::dtls {

namespace {

DatagramPort& port_of(BIO* bio) {
    return *static_cast<DatagramPort*>(BIO_get_data(bio));
}

// What does not fit the room is lost, as with any datagram.
int read_datagram(BIO* bio, char* room, int room_size) {
    BIO_clear_retry_flags(bio);
    const base::Bytes datagram = std::exchange(port_of(bio).in, {});
    if (datagram.empty()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const size_t size = std::min(datagram.size(), static_cast<size_t>(room_size));
    std::memcpy(room, datagram.data(), size);
    return static_cast<int>(size);
}

// OpenSSL gathers the records of a flight up to the MTU and writes each datagram at once.
int write_datagram(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    if (Flight* out = port_of(bio).out) out->emplace_back(bytes, bytes + size);
    return size;
}

long control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace

BIO_METHOD* make_datagram_bio_method() {
    BIO_METHOD* method = BIO_meth_new(BIO_TYPE_DGRAM, "datagrams in memory");
    if (method == nullptr) return nullptr;
    BIO_meth_set_read(method, read_datagram);
    BIO_meth_set_write(method, write_datagram);
    BIO_meth_set_ctrl(method, control);
    return method;
}

BIO* make_datagram_bio(const BIO_METHOD* method, DatagramPort* port) {
    BIO* bio = BIO_new(method);
    if (bio == nullptr) return nullptr;
    BIO_set_data(bio, port);
    BIO_set_init(bio, 1);
    return bio;
}

}  // namespace parley::dtls
