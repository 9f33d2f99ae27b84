#include "tests/sim/switchboard.h"

#include <utility>

#include "tests/sim/digest.h"

namespace parley::sim {

using controller::ConnectionId;

ConnectionId Switchboard::open(SocketClient& client, const controller::Admission& admission) {
    const ConnectionId id = ++latest_;
    connections_[id].client = &client;
    world_.after(2 * kDelay, [this, id, admission] {
        Connection* connection = find(id);
        if (!connection || !connection->whole) return;
        world_.trace("open", id, 0, digest_of(base::as_bytes(admission.peer)));
        connection->server_open = true;
        if (server_.on_open(id, admission)) return tell_client_opened(id);
        if ((connection = find(id))) connection->server_open = false;
        tell_client_closed(id, kBroken, "nobody listens");
    });
    return id;
}

void Switchboard::tell_client_opened(ConnectionId id) {
    world_.after(kDelay, [this, id] {
        const Connection* connection = find(id);
        if (connection && connection->client) connection->client->on_opened(id);
    });
}

Switchboard::Connection* Switchboard::find(ConnectionId id) {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : &found->second;
}

void Switchboard::client_sends(ConnectionId id, std::string text) {
    world_.after(kDelay, [this, id, text = std::move(text)] {
        const Connection* connection = find(id);
        if (!connection || !connection->whole || !connection->server_open) return;
        world_.trace("to server", id, 0, digest_of(base::as_bytes(text)));
        server_.on_text(id, text);
    });
}

void Switchboard::server_sends(ConnectionId id, std::string text) {
    world_.after(kDelay, [this, id, text = std::move(text)] {
        const Connection* connection = find(id);
        if (!connection || !connection->whole || !connection->client) return;
        world_.trace("to client", 0, id, digest_of(base::as_bytes(text)));
        connection->client->on_text(id, text);
    });
}

void Switchboard::server_closes(ConnectionId id, uint16_t code, std::string reason) {
    Connection* connection = find(id);
    if (!connection || !connection->server_open) return;
    connection->server_open = false;
    world_.after(kDelay, [this, id, code, reason = std::move(reason)] {
        tell_client_closed(id, code, reason);
    });
}

void Switchboard::tell_client_closed(ConnectionId id, uint16_t code, const std::string& reason) {
    Connection* connection = find(id);
    if (!connection || !connection->client) return;
    world_.trace("closed", 0, id, code);
    SocketClient& client = *std::exchange(connection->client, nullptr);
    connections_.erase(id);
    client.on_closed(id, code, reason);
}

void Switchboard::cut(ConnectionId id, base::Duration notice) {
    Connection* connection = find(id);
    if (!connection || !connection->whole) return;
    connection->whole = false;
    SocketClient* client = std::exchange(connection->client, nullptr);
    world_.after(notice, [this, id] {
        const Connection* broken = find(id);
        const bool server_open = broken && broken->server_open;
        connections_.erase(id);
        if (server_open) server_.on_closed(id);
    });
    if (client) client->on_closed(id, kBroken, "cut");
}

void Switchboard::forget_client(ConnectionId id) {
    Connection* connection = find(id);
    if (!connection) return;
    connection->client = nullptr;
    cut(id, kDelay);
}

void Switchboard::server_died() {
    for (auto& [id, connection] : connections_) {
        connection.whole = false;
        connection.server_open = false;
        world_.after(kDelay, [this, id = id] { tell_client_closed(id, kBroken, "server died"); });
    }
}

}  // namespace parley::sim
