#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/cluster/mail.h"
#include "common/web/gate.h"
#include "common/web/http.h"
#include "router-service/core.h"
#include "router-service/scale.h"

namespace parley::router_service {

// The HTTP API: the same commands by another door (docs/openapi.yaml). What the table answers is
// answered at once, by either replica; everything else goes to the queue of commands like the app's
// own and comes back from whoever is active, so that no request is ever decided twice.
class Api {
public:
    using RequestId = uint64_t;  // chosen by the shell, never used twice

    struct Answered {
        RequestId request;
        web::Response response;
    };
    // One of the two, or neither when the answer is still to come.
    struct Outcome {
        std::optional<web::Response> response = {};
        std::optional<cluster::Publish> command = {};
    };

    explicit Api(const std::vector<std::string>& admin_keys) : gate_(admin_keys) {}

    Outcome on_request(Instant now, RequestId id, const web::Request& request,
                       const RouterService& core, const ScaleSignal& scale);

    // True when it is the answer to a request of ours: then `answered` says what to send.
    bool on_delivery(const cluster::Delivery& delivery, std::optional<Answered>& answered);

    // Requests that nobody answered in time, or that nobody can while the broker is away.
    std::vector<Answered> on_deadline(Instant now);
    std::vector<Answered> on_disconnected();
    Instant next_deadline() const;

    void on_stop() { stopping_ = true; }

private:
    struct Waiting {
        RequestId request;
        Instant until;
        uint16_t success;  // status
    };

    web::Response count(web::Response response);
    Outcome route(Instant now, RequestId id, const web::Request& request, const RouterService& core,
                  const ScaleSignal& scale);
    Outcome ask(Instant now, RequestId id, const cluster::Command& command, uint16_t success,
                const RouterService& core);
    Outcome ask_body(Instant now, RequestId id, const web::Request& request,
                     const std::vector<std::string>& path, const RouterService& core);

    web::Gate gate_;
    bool stopping_ = false;
    uint64_t last_ = 0;
    std::map<uint64_t, Waiting> waiting_;  // by number: the earliest deadline first
    std::map<uint16_t, uint64_t> responses_;
};

// The Prometheus text of /metrics.
std::string metrics_text(const RouterService& core, const ScaleSignal& scale,
                         const std::map<uint16_t, uint64_t>& responses);

}  // namespace parley::router_service
