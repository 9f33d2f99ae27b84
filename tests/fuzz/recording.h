#pragma once

#include <string>
#include <vector>

#include "tests/fuzz/mutate.h"
#include "worker/net/address.h"

namespace parley::fuzz {

struct Datagram {
    net::Address from;
    net::Address to;
    Message bytes;
};

// What was sent, of each kind. The frames are without their size prefix.
struct Recording {
    std::vector<Datagram> stun;
    std::vector<Datagram> dtls;
    std::vector<Datagram> srtp;
    std::vector<Datagram> srtcp;
    std::vector<Message> rtp;  // what a guest sent, before it was protected
    std::vector<Message> rtcp;
    std::vector<Message> to_worker;
    std::vector<Message> from_worker;
    std::vector<std::string> to_server;
    std::vector<std::string> to_client;
};

}  // namespace parley::fuzz
