#pragma once

#include <memory>
#include <string_view>

#include "common/shell/web_client.h"
#include "common/shell/web_server.h"
#include "controller/api/metrics.h"
#include "controller/api/others.h"
#include "controller/cluster/link_host.h"
#include "controller/cluster/reception.h"
#include "controller/core.h"
#include "controller/wiring/broker.h"

namespace parley::controller {

// The other servers of the cluster, as signalling knows them: our clients who want into their
// rooms, their clients who want into ours, and the links that carry both. Decides nothing.
class Neighbours final : public api::Others {
public:
    // All are borrowed.
    struct Place {
        shell::WebContext& context;
        shell::WebServer& web;
        Controller& core;
        Broker& broker;
        Broker::Turn turn;
    };

    static base::Result<std::unique_ptr<Neighbours>, std::string> start(
        Place place, clustering::Reception::Options options);

    // A client of ours.
    void on_connect(ConnectionId client, const Admission& admission);
    void on_message(ConnectionId client, std::string_view text);
    void on_disconnect(ConnectionId client);

    // A link of another server to us.
    void on_link(ConnectionId link, std::string_view remote);
    bool is_link(ConnectionId connection) const { return host_.is_link(connection); }
    void on_link_message(ConnectionId link, std::string_view text);
    void on_link_disconnect(ConnectionId link);

    // What the controller says to clients that came by a link.
    static bool is_forwarded(ConnectionId client) {
        return clustering::LinkHost::is_forwarded(client);
    }
    void say(base::Instant now, const SendText& said, Outputs& out) {
        host_.say(now, said, place_.core, out);
    }
    void say(base::Instant now, const CloseConnection& said, Outputs& out) {
        host_.say(now, said, out);
    }

    // What the HTTP API wants to know of them.
    bool can_be_asked() const override { return place_.broker.presence().up(); }
    std::optional<api::Away> find(std::string_view room) const override;
    std::vector<cluster::RoomPlace> rooms(std::string_view after, size_t most) const override {
        return place_.broker.presence().places(after, most);
    }
    // As Presence::ask().
    clustering::AskId ask(const api::Ask& ask);

    void count(api::ClusterCounts& counts) const;

    void on_answered(const clustering::Answered& answered);
    void on_news();
    void on_deadline();
    base::Instant next_deadline() const;

private:
    Neighbours(Place place, clustering::Reception::Options options);

    shell::WebClient::Events client_events();
    template <typename Call>
    void run(Call call);

    Place place_;
    clustering::Reception reception_;
    clustering::LinkHost host_;
    std::unique_ptr<shell::WebClient> client_;
};

}  // namespace parley::controller
