#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/json/json.h"
#include "tests/sim/switchboard.h"

namespace parley::sim {

// What a ProtooClient hears of its server.
class ProtooListener {
public:
    virtual ~ProtooListener() = default;

    // Requests may be made: a new session, or one that goes on.
    virtual void on_open(bool resumed, bool recovered) = 0;
    // To be answered by answer(), at once or later.
    virtual void on_request(uint64_t id, std::string_view method, Json data) = 0;
    virtual void on_notification(std::string_view method, Json data) = 0;
    // The session is over; a connection that only dropped is resumed without a word.
    virtual void on_closed(uint16_t code, const std::string& reason) = 0;
    // What no honest server says.
    virtual void on_nonsense(const std::string& what) = 0;
};

// The client's side of docs/signalling.md over a connection that may drop. A numbered client
// resumes its session; one that is not, as mediasoup-demo's, is closed when it drops.
class ProtooClient final : public SocketClient {
public:
    using Answered = std::function<void(Json data)>;
    using Refused = std::function<void(uint64_t code, std::string_view reason)>;

    struct Options {
        std::string room;
        std::string peer;
        bool numbered = true;
    };

    ProtooClient(World& world, Switchboard& switchboard, ProtooListener& listener, Options options);
    ~ProtooClient() override;

    void open();
    // The network drops the connection; the server learns of it after `notice`, and the client
    // tries again after `away`.
    void drop(base::Duration away, base::Duration notice);
    // For good, without a word.
    void vanish();

    // `data` is JSON. Without `refused` a refusal is nonsense.
    void request(std::string_view method, std::string data, Answered answered = {},
                 Refused refused = {});
    void answer(uint64_t id);

    bool connected() const { return connection_.has_value(); }
    uint64_t resumed() const { return resumed_; }
    uint64_t received() const { return received_; }

    void on_opened(controller::ConnectionId connection) override;
    void on_text(controller::ConnectionId connection, const std::string& text) override;
    void on_closed(controller::ConnectionId connection, uint16_t code,
                   const std::string& reason) override;

private:
    struct Asked {
        std::string text;
        Answered answered;
        Refused refused;
    };

    void connect();
    void connect_after(base::Duration wait);
    void send(std::string text);
    bool take_number(Json message);
    void hear_session(Json data);
    void hear_response(Json message);
    void end(uint16_t code, const std::string& reason);

    World& world_;
    Switchboard& switchboard_;
    ProtooListener& listener_;
    Options options_;
    std::optional<controller::ConnectionId> connection_;
    bool greeted_ = false;  // requests may leave on this connection
    bool closed_ = false;
    std::string session_;
    uint64_t received_ = 0;
    uint64_t resumed_ = 0;
    uint64_t latest_request_ = 0;
    std::map<uint64_t, Asked> asked_;
    std::set<uint64_t> repeated_;    // of ours, those asked more than once
    std::set<uint64_t> unanswered_;  // requests of the server
    base::Duration away_ = 0ms;
    uint64_t tries_ = 0;
    std::shared_ptr<ProtooClient*> self_;  // outlived by what is planned for later
};

}  // namespace parley::sim
