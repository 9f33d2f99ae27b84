#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/time.h"

// What goes through the broker, as a core sees it: bytes with an address. Only the shell knows
// AMQP.
namespace parley::cluster {

// Something to send. It is persistent, and the broker confirms it.
struct Publish {
    uint64_t id = 0;       // chosen by the core; its confirmation names it. 0: none is wanted
    std::string exchange;  // "": straight to the queue that `key` names, as answers go
    std::string key = {};
    std::string body = {};
    std::string reply_to = {};
    std::string correlation_id = {};
    std::string traceparent = {};                   // header, trace.h
    std::optional<base::Duration> expiration = {};  // of no use after this
    bool mandatory = false;                         // told when no queue took it. REQUIRES: an id
};

// Something that came. It stays the broker's until it is acknowledged: what was not comes again, to
// somebody.
struct Delivery {
    uint64_t tag = 0;  // unique in this process, also over reconnections; 0: nothing to settle
    std::string queue;
    std::string key;
    std::string body;
    std::string reply_to = {};
    std::string correlation_id = {};
    std::string traceparent = {};  // as it came: it may be none
    bool redelivered = false;
};

struct Acknowledge {
    uint64_t tag;
};
// To kDead it goes, with the reason.
struct Reject {
    uint64_t tag;
    std::string reason;
};

}  // namespace parley::cluster
