#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/base/random.h"
#include "controller/core.h"

namespace parley::controller::api {

// An event as it leaves: listeners and webhooks are sent the same bytes.
struct Notice {
    std::string id;  // unique over the life of all servers: "<64 random bits>-<count>"
    std::string room;
    std::shared_ptr<const std::string> text;  // JSON, `Event` of docs/openapi.yaml
};

// Tells what happens to those who listen on /v1/events. Whoever reads too slowly is closed by the
// shell, as every WebSocket is; nothing is kept here.
class EventStream {
public:
    explicit EventStream(base::Random& random);

    // A listener hears one room, or with "" everything.
    void on_connect(ConnectionId connection, std::string room);
    void on_disconnect(ConnectionId connection);

    // Writes a SendText to `out` for each who listens, in the order of their ids.
    Notice on_event(const Event& event, Outputs& out);

    bool listens(ConnectionId connection) const { return listeners_.contains(connection); }
    size_t size() const { return listeners_.size(); }

private:
    std::map<ConnectionId, std::string> listeners_;
    std::string id_prefix_;
    uint64_t count_ = 0;
};

}  // namespace parley::controller::api
