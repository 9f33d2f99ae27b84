#pragma once

#include <string>
#include <string_view>

#include "router-service/board.h"
#include "router-service/core.h"
#include "router-service/happenings.h"
#include "router-service/scale.h"
#include "router-service/trends.h"

namespace parley::router_service {

// What the capacity dashboard shows, as deltas: whoever looks says until which version it knows,
// and is told what is newer. Everything in it follows from the beats and the events, which both
// replicas hear; it decides nothing.
class Dashboard {
public:
    // `life` names this process: what another one told is nothing to go on from.
    explicit Dashboard(uint64_t life) : life_(life) {}

    // About once a second, after the scale signal was made.
    void on_sample(Instant now, const RouterService& core, const ScaleSignal& scale);
    void on_log(Instant now, const Log& line) { happenings_.on_log(now, line, ++version_); }
    // A message of kEvents; what can not be read is nobody's news.
    void on_event(Instant now, std::string_view body);

    // The answer to `GET /v1/fleet?since=SINCE`, docs/openapi-router-service.yaml; "" for all.
    std::string answer(Instant now, std::string_view since, const RouterService& core,
                       const ScaleSignal& scale);

    size_t bytes() const;  // that it takes, roughly

private:
    uint64_t read_since(std::string_view since) const;
    void look(Instant now, const RouterService& core);

    uint64_t life_;
    uint64_t version_ = 1;
    Instant looked_at_;
    Board board_;
    Trends trends_;
    Happenings happenings_;
    std::string overflow_;  // JSON
    uint64_t overflow_version_ = 0;
    uint32_t wanted_ = 0;  // servers, when it was last said
};

}  // namespace parley::router_service
