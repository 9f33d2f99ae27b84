#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/cluster/mail.h"
#include "common/web/gate.h"
#include "common/web/http.h"
#include "common/web/program_numbers.h"
#include "common/web/trusted_proxies.h"
#include "router-service/core.h"
#include "router-service/dashboard.h"
#include "router-service/peer_search.h"
#include "router-service/scale.h"

namespace parley::router_service {

// What the core does not know of the program that it is in.
struct Surroundings {
    std::string version = {};
    web::ProcessNumbers process = {};
    web::BrokerNumbers broker = {};
};

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
    // The response, or what is to be asked for it.
    struct Outcome {
        std::optional<web::Response> response = {};
        std::optional<cluster::Publish> command = {};
        std::vector<cluster::Publish> questions = {};  // to servers
    };

    // `proxies`: those that may say who asks, in the header that the shell reads for it.
    explicit Api(const std::vector<std::string>& admin_keys, web::TrustedProxies proxies = {})
        : gate_(admin_keys), proxies_(std::move(proxies)) {}

    Outcome on_request(Instant now, RequestId id, const web::Request& request,
                       const RouterService& core, const ScaleSignal& scale, Dashboard& dashboard);

    // True when it is the answer to a request of ours: then `answered` says what to send.
    bool on_delivery(const cluster::Delivery& delivery, std::optional<Answered>& answered);

    // Requests that nobody answered in time, or that nobody can while the broker is away.
    std::vector<Answered> on_deadline(Instant now);
    std::vector<Answered> on_disconnected();
    Instant next_deadline() const;

    void on_stop() { stopping_ = true; }

    // How the program is, for its metrics.
    void on_surroundings(Surroundings around) { around_ = std::move(around); }

private:
    struct Waiting {
        RequestId request;
        Instant until;
        uint16_t success;  // status
    };

    web::Response count(web::Response response);
    Outcome route(Instant now, RequestId id, const web::Request& request, const RouterService& core,
                  const ScaleSignal& scale, Dashboard& dashboard);
    std::optional<web::Response> view(Instant now, const web::Request& request,
                                      const std::vector<std::string>& path,
                                      const RouterService& core, const ScaleSignal& scale,
                                      Dashboard& dashboard);
    Outcome find_peers(Instant now, RequestId id, const web::Request& request,
                       const RouterService& core);
    Answered answered(PeerSearch::Found found);
    Outcome ask(Instant now, RequestId id, const cluster::Command& command, uint16_t success,
                const RouterService& core);
    Outcome ask_body(Instant now, RequestId id, const web::Request& request,
                     const std::vector<std::string>& path, const RouterService& core);

    std::optional<web::Response> refusal(const web::Request& request) const;

    web::Gate gate_;
    web::TrustedProxies proxies_;
    bool stopping_ = false;
    uint64_t last_ = 0;
    std::map<uint64_t, Waiting> waiting_;  // by number: the earliest deadline first
    PeerSearch search_;
    std::map<uint16_t, uint64_t> responses_;
    Surroundings around_;
};

// The Prometheus text of /metrics.
std::string metrics_text(const RouterService& core, const ScaleSignal& scale,
                         const Surroundings& around, const std::map<uint16_t, uint64_t>& responses);

}  // namespace parley::router_service
