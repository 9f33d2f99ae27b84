#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/random.h"
#include "common/web/gate.h"
#include "controller/api/http.h"
#include "controller/api/metrics.h"
#include "controller/api/others.h"
#include "controller/api/tokens.h"
#include "controller/core.h"

namespace parley::controller::api {

// Everything that is asked over HTTP but files: /v1 (docs/openapi.yaml), /healthz, /readyz and
// /metrics. What is here is answered at once; in a cluster what is not is a command to others.
class Api {
public:
    struct Options {
        std::vector<std::string> admin_keys = {};
        std::string public_url = {};  // "": as the request named us
        bool create_on_join = true;   // whether a token is of use before its room exists
        RoomOptions room = {};        // for what a request leaves out
    };

    // `tokens` is borrowed for the life of the Api.
    Api(Options options, const Tokens& tokens, base::Random& random);

    // What a worker must do about it is in `out`, as from any call of `controller`.
    Response on_request(Instant now, const Request& request, Controller& controller, Outputs& out);

    // The same on one server of many: a Response, or whom to ask first.
    std::variant<Response, Ask> on_request(Instant now, const Request& request,
                                           Controller& controller, const Others& others,
                                           Outputs& out);
    // What came of it; nothing: nobody answered in time.
    Response on_answer(const Ask& ask, const std::optional<cluster::Answer>& answer,
                       const Controller& controller);

    // nullopt when the request may open the WebSocket /v1/events; else the answer.
    std::optional<Response> events_refusal(const Request& request) const;

    // "GET /v1/rooms/{}" and the like: all that is served.
    static std::vector<std::string> routes();

    // Counts of others, told by /metrics.
    EdgeCounts& counts() { return counts_; }

    // From now on /readyz says that this server is going away.
    void on_stop() { stopping_ = true; }

    // Whether rooms should go elsewhere: whoever looks for a place for one asks /readyz.
    void on_drain(bool is_on) { draining_ = is_on; }

    // Whether the broker that was configured is there, and whether another process there says that
    // it is this server: who waits for rooms over it must not wait for this one. Calls go on.
    void on_broker(bool up, bool has_rival = false) {
        broker_away_ = !up;
        has_rival_ = has_rival;
    }

private:
    struct Call;
    struct Route;
    static const std::array<Route, 15> kRoutes;

    Response route(Call& call);
    std::optional<Response> away(Call& call, std::string_view room, cluster::Command command,
                                 uint16_t success);
    std::optional<Response> redirect(Call& call, std::string_view room);

    Response healthz(Call& call);
    Response readyz(Call& call);
    Response metrics(Call& call);
    Response list_rooms(Call& call);
    Response create_room(Call& call);
    Response get_room(Call& call);
    Response close_room(Call& call);
    Response explain_room(Call& call);
    Response list_peers(Call& call);
    Response add_peer(Call& call);
    Response get_peer(Call& call);
    Response kick_peer(Call& call);
    Response mute_peer(Call& call);
    Response list_workers(Call& call);
    Response events(Call& call);

    std::string signalling_url(const Request& request) const;
    std::string new_id();

    Options options_;
    const Tokens& tokens_;
    base::Random& random_;
    web::Gate gate_;
    EdgeCounts counts_;
    bool stopping_ = false;
    bool draining_ = false;
    bool broker_away_ = false;
    bool has_rival_ = false;
};

}  // namespace parley::controller::api
