#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "controller/core.h"
#include "tests/unit/controller/model_worker.h"

namespace parley::test {

using controller::ConnectionId;

class ModelServer;

// A client as mediasoup-client and the SDK are: it keeps what it was told, answers what it is
// asked, and may lose its connection at any moment.
class ModelClient {
public:
    ModelClient(ModelServer& server, std::string room, std::string peer, bool numbered);

    void connect();
    void connect(controller::Admission admission);
    void lose_connection();  // and the server notices at once
    void resume();

    // Sends a request and returns the response's data as JSON; "" when none came, "!403 reason"
    // when it was refused.
    std::string ask(const std::string& method, const std::string& data = "{}");
    uint64_t send(const std::string& method, const std::string& data = "{}");
    void send_raw(const std::string& text);
    // The response to what was sent, as ask() returns it.
    std::string answer_to(uint64_t request) const;

    // Two transports, join, and one microphone: what every client does.
    void enter(bool speak = true);
    void make_transports();
    std::string speak(uint32_t ssrc = 0);

    void on_text(const std::string& text);
    void on_close(uint16_t code, const std::string& reason);

    bool connected() const { return connection_ != 0; }
    // How often the server has said this to it.
    size_t told(const std::string& method) const;
    std::string last(const std::string& method) const;  // its data; "" if never

    ModelServer& server;
    std::string room, peer;
    bool numbered;
    bool answers = true;   // to newConsumer
    bool refuses = false;  // with ok: false
    std::string wanted;    // more members of join, each with its comma
    std::string session;
    uint64_t received = 0;
    bool recovered = false;
    std::string send_transport, receive_transport, producer;
    std::map<uint64_t, std::string> consumers;  // id -> whose voice
    std::vector<std::pair<std::string, std::string>> notifications;
    std::vector<std::string> new_consumers;  // data of each newConsumer
    uint16_t close_code = 0;
    std::string close_reason;
    size_t messages = 0;

private:
    void on_request(const Json& message);
    void on_notification(const std::string& method, const Json& data);

    ConnectionId connection_ = 0;
    uint64_t next_request_ = 1;
    uint32_t next_mid_ = 0;
    std::map<uint64_t, std::string> responses_;
};

// A controller between model workers and model clients, in virtual time. What is said arrives at
// once, unless it is held back. The core's invariants are checked after every call.
class ModelServer {
public:
    explicit ModelServer(controller::Options options = {}, uint64_t seed = 1);

    void start();
    // The controller's process dies and comes back; its workers live on.
    void crash_controller();
    // Lets a worker have the oldest of the frames that are held back for it.
    void release(uint32_t index);
    void release_all();
    void kill_worker(uint32_t index);
    void advance(base::Duration by);
    // Lets the workers be this busy, each in parts of its core, until the controller has taken it
    // in.
    void burn(const std::vector<double>& loads);

    ModelClient& client(const std::string& room, const std::string& peer, bool numbered = true);
    // The same, connected, with transports, joined and speaking.
    ModelClient& enter(const std::string& room, const std::string& peer, bool numbered = true);

    // Whose voices reach this client now, by what the workers do.
    std::set<std::string> hears(const ModelClient& client) const;
    // Each voice that crosses does so once to each worker, over a pipe whose two ends know each
    // other, and somebody hears it there.
    void check_crossings() const;

    void from_worker(uint32_t index, std::span<const uint8_t> frame);
    void pump();

    ConnectionId connect(ModelClient& client, const controller::Admission& admission);
    void disconnect(ConnectionId connection);
    void message(ConnectionId connection, const std::string& text);

    controller::Controller& core() { return *core_; }
    controller::Outputs& out() { return out_; }
    // Calls into the core and delivers what it says.
    template <typename Do>
    auto call(Do what) {
        auto result = what(*core_, now, out_);
        check();
        pump();
        return result;
    }

    size_t events(const std::string& type) const;
    const controller::Event& last_event(const std::string& type) const;
    uint32_t worker_of(const std::string& room) const;  // the first
    std::vector<controller::WorkerIndex> workers_of(const std::string& room) const;
    ModelWorker& worker(uint32_t index) { return *workers.at(index); }

    base::Instant now = base::Instant::from_micros(1'700'000'000'000'000);
    std::vector<std::unique_ptr<ModelWorker>> workers;  // nullptr: no such process
    bool checks = true;         // of the core's invariants; they look at everything, every time
    bool workers_start = true;  // spawning works
    bool lends = true;          // other servers lend workers
    std::vector<controller::LentWorker> recalled;  // that were asked back
    bool hold_workers = false;                     // frames to workers wait in `held`
    std::deque<std::pair<uint32_t, std::vector<uint8_t>>> held;
    std::vector<controller::Event> event_log;
    std::vector<controller::Log> logs;
    std::vector<controller::Dumped> dumped;
    std::string trace;  // every output in order, byte for byte

private:
    void check() const;
    // The producer that this is, at the other end of the pipe that it comes out of; 0: none.
    uint64_t beyond_pipe(uint32_t worker, uint64_t arrived) const;
    void deliver(const controller::Output& output);
    void to_worker(uint32_t index, const std::vector<uint8_t>& frame);

    controller::Options options_;
    base::SeededRandom random_;
    std::unique_ptr<controller::Controller> core_;
    controller::Outputs out_;
    std::map<ConnectionId, ModelClient*> connections_;
    std::deque<std::unique_ptr<ModelClient>> clients_;
    ConnectionId next_connection_ = 1;
    uint32_t next_pid_ = 100;
    bool pumping_ = false;
};

// A microphone's rtpParameters as a browser has them.
std::string microphone(uint32_t ssrc, const std::string& mid = "0");
// rtpCapabilities of a browser, as mediasoup-client gives them.
extern const char* const kBrowser;

}  // namespace parley::test
