#include "controller/wiring/dialling.h"

namespace parley::controller {

namespace {

constexpr uint16_t kNormal = 1000;  // RFC 6455 §7.4.1

struct Carrier {
    shell::WebClient& client;

    void operator()(const clustering::Dial& m) { client.connect(m.link, m.address); }
    void operator()(const clustering::SendLink& m) { client.send(m.link, m.text); }
    void operator()(const clustering::HangUp& m) { client.close(m.link, kNormal, m.reason); }
};

}  // namespace

void deliver(const clustering::LinkOutputs& links, shell::WebClient& client) {
    for (const clustering::LinkOutput& output : links) std::visit(Carrier{client}, output);
}

}  // namespace parley::controller
