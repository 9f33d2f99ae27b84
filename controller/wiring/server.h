#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/shell/http_client.h"
#include "common/shell/log.h"
#include "common/shell/loop.h"
#include "common/shell/pipe_server.h"
#include "common/shell/random.h"
#include "common/shell/signals.h"
#include "common/shell/static_files.h"
#include "common/shell/tls_watch.h"
#include "common/shell/web_context.h"
#include "common/shell/web_server.h"
#include "controller/api/admission.h"
#include "controller/api/api.h"
#include "controller/api/events.h"
#include "controller/api/webhooks.h"
#include "controller/config/config.h"
#include "controller/control/server.h"
#include "controller/core.h"
#include "controller/drain.h"
#include "controller/wiring/broker.h"
#include "controller/wiring/loans.h"
#include "controller/wiring/neighbours.h"
#include "controller/wiring/worker_processes.h"

namespace parley::controller {

// A whole server: the cores, and the sockets and processes that they decide about. What a core
// says goes to where it belongs; what the world says goes to the core that it concerns.
class Server : control::Place {
public:
    struct Options {
        Config config;
        std::vector<api::TokenKey> token_keys;  // with the keys read from their files
        WorkerProcesses::Options workers;
        uint32_t worker_count = 1;
        std::string server_id = {};  // wanted with a broker
    };

    // An error says what could not be opened. Connections come in from here on.
    static base::Result<std::unique_ptr<Server>, std::string> open(shell::Loop& loop,
                                                                   shell::Logger& logger,
                                                                   Options options);
    ~Server() override;

private:
    Server(shell::Loop& loop, shell::Logger& logger, Options options);

    base::Result<base::Unit, std::string> listen();
    base::Result<base::Unit, std::string> join_cluster();
    base::Result<base::Unit, std::string> meet_neighbours();
    base::Result<base::Unit, std::string> listen_web();
    base::Result<base::Unit, std::string> start_web(const shell::WebServer::Options& options);
    base::Result<shell::TlsIdentity, std::string> open_tls();
    void reload();

    shell::WebServer::Events web_events();
    shell::PipeServer::Events control_events();
    WorkerProcesses::Events worker_events();

    void on_http(uint64_t id, shell::HttpRequest request);
    void on_answered(const clustering::Answered& answered);
    uint16_t on_connect(uint64_t id, const shell::ConnectRequest& request);
    void on_message(uint64_t id, std::string_view text);
    void on_disconnect(uint64_t id);
    void on_control_frame(uint64_t id, base::Bytes frame);
    void run(uint64_t client, control::Errand errand);
    void deliver(const Dumped& dumped);
    void on_signal(int number);
    void start_drain(base::Instant now, const control::StartDrain& wanted) override;
    void stop_drain(base::Instant now) override;
    control::DrainState drain_state(base::Instant now) const override;
    const std::string& server_id() const override { return options_.server_id; }
    bool can_ask_others() const override { return neighbours_ && neighbours_->can_be_asked(); }
    std::string home_of(std::string_view room) const override;
    const Drain& drain() const;
    void on_drain_changed(const char* what);
    void mind_drain(base::Instant now);
    void stop();
    void on_deadline(base::Instant now);
    void end_turn();

    // Calls a core and delivers what it says. Never from inside another turn.
    template <typename Call>
    void turn(Call call) {
        Outputs out;
        call(loop_.now(), out);
        deliver(out);
    }
    void deliver(const Outputs& out);
    void send(const SendToWorker& frame);
    void say(const SendText& said);
    void say(const CloseConnection& said);
    void deliver(const api::WebhookOutputs& out);
    void post(const api::Post& post);
    void tell(const Event& event);
    void log(const Log& line);
    void count();

    shell::Loop& loop_;
    shell::Logger& logger_;
    Options options_;
    shell::SystemRandom random_;
    base::Instant started_;

    Controller core_;
    api::Tokens tokens_;
    api::Api api_;
    api::EventStream events_;
    api::Webhooks webhooks_;
    control::Server control_;

    shell::StaticFiles page_;
    shell::HttpClient http_client_;
    std::unique_ptr<shell::PipeServer> control_socket_;
    std::unique_ptr<shell::WebContext> web_context_;
    std::unique_ptr<shell::WebServer> web_;
    std::unique_ptr<shell::TlsWatch> tls_watch_;  // with a certificate
    std::unique_ptr<WorkerProcesses> workers_;
    std::unique_ptr<Broker> broker_;
    std::unique_ptr<Neighbours> neighbours_;  // with a broker
    std::unique_ptr<Loans> loans_;            // with a broker
    shell::Timer deadline_;
    shell::TurnEnd turn_end_;
    shell::Signals signals_;
    // What others carry out: for HTTP requests, and for clients of the control socket.
    std::map<clustering::AskId, std::pair<uint64_t, api::Ask>> asking_;
    std::map<clustering::AskId, std::pair<uint64_t, control::Errand>> errands_;
    std::set<ConnectionId> peers_;            // signalling connections that the core knows
    std::vector<BorrowWorker> wanted_loans_;  // that the core asked for in this turn
    Drain drain_;                             // without a broker; else its presence has it
    bool ends_when_drained_ = false;          // SIGTERM came
    base::Instant drain_look_ = base::Instant::never();
    bool stopping_ = false;
    base::Instant farewell_until_ = base::Instant::never();
    base::Instant kill_at_ = base::Instant::never();
};

}  // namespace parley::controller
