#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "controller/core.h"
#include "tests/sim/world.h"

namespace parley::sim {

// The client's end of a WebSocket.
class SocketClient {
public:
    virtual ~SocketClient() = default;
    virtual void on_opened(controller::ConnectionId connection) = 0;
    virtual void on_text(controller::ConnectionId connection, const std::string& text) = 0;
    virtual void on_closed(controller::ConnectionId connection, uint16_t code,
                           const std::string& reason) = 0;
};

// The server's end of all of them.
class SocketServer {
public:
    virtual ~SocketServer() = default;
    // False: nobody listens.
    virtual bool on_open(controller::ConnectionId connection,
                         const controller::Admission& admission) = 0;
    virtual void on_text(controller::ConnectionId connection, const std::string& text) = 0;
    virtual void on_closed(controller::ConnectionId connection) = 0;
};

// WebSockets between clients and the controller: in order, with a delay, and they can break, which
// loses what is under way in both directions.
class Switchboard {
public:
    static constexpr uint16_t kBroken = 1006;  // RFC 6455 §7.4.1: closed without a word
    static constexpr base::Duration kDelay = 12ms;

    Switchboard(World& world, SocketServer& server) : world_(world), server_(server) {}

    controller::ConnectionId open(SocketClient& client, const controller::Admission& admission);
    void client_sends(controller::ConnectionId connection, std::string text);
    void server_sends(controller::ConnectionId connection, std::string text);
    void server_closes(controller::ConnectionId connection, uint16_t code, std::string reason);

    // The connection breaks; its client knows at once and the server after `notice`.
    void cut(controller::ConnectionId connection, base::Duration notice);

    // The client is no more; nothing of it is to be called again.
    void forget_client(controller::ConnectionId connection);

    // The server is no more: every client knows soon.
    void server_died();

private:
    struct Connection {
        SocketClient* client = nullptr;  // none: it is gone
        bool server_open = false;
        bool whole = true;  // what is under way arrives
    };

    Connection* find(controller::ConnectionId connection);
    void tell_client_opened(controller::ConnectionId connection);
    void tell_client_closed(controller::ConnectionId connection, uint16_t code,
                            const std::string& reason);

    World& world_;
    SocketServer& server_;
    std::map<controller::ConnectionId, Connection> connections_;
    controller::ConnectionId latest_ = 0;
};

}  // namespace parley::sim
