// One media worker: sockets and clock outside, the engine inside. It decides nothing here.

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "common/shell/loop.h"
#include "common/shell/loop_delay.h"
#include "common/shell/media_port.h"
#include "common/shell/pipe_server.h"
#include "common/shell/random.h"
#include "common/shell/signals.h"
#include "common/shell/usage.h"
#include "worker/options.h"

namespace parley {
namespace {

class Worker {
public:
    // An error says what could not be opened.
    static base::Result<std::unique_ptr<Worker>, std::string> open(shell::Loop& loop,
                                                                   WorkerOptions options);

    void run() { loop_.run(); }

private:
    Worker(shell::Loop& loop, std::unique_ptr<dtls::Identity> identity)
        : loop_(loop),
          identity_(std::move(identity)),
          deadline_(loop, [this](base::Instant now) { engine_->on_deadline(now, *out_); }),
          loop_delay_(loop),
          usage_(loop, [this](base::Instant now) { report_usage(now); }),
          turn_end_(loop, [this] { end_turn(); }),
          signals_(loop, std::array{SIGINT, SIGTERM},
                   [this](int) { engine_->on_stop(loop_.now(), *out_); }) {}

    void end_turn() {
        out_->flush();
        for (const engine::FrameOut& frame : engine_->take_frames()) {
            controllers_->send(frame.controller, frame.bytes);
        }
        deadline_.set(engine_->next_deadline());
        if (engine_->finished()) loop_.stop();
    }

    void report_usage(base::Instant now) {
        const shell::ProcessUsage used = shell::process_usage();
        const shell::LoopDelay::Delays late = loop_delay_.take();
        engine_->on_usage({used.cpu_ns, used.resident_bytes, late.most, late.mean, port_->drops(),
                           static_cast<uint32_t>(port_->tcp_connections())});
        if (port_->reopen_tcp()) {
            std::fputs("parley-worker: the port is free: media over TCP from now on\n", stderr);
            engine_->on_tcp_open();
        }
        usage_.set(now + 1s);
    }

    shell::TcpPort::Events media_events();
    shell::PipeServer::Events controller_events();

    shell::Loop& loop_;
    shell::SystemRandom random_;
    std::unique_ptr<dtls::Identity> identity_;
    std::unique_ptr<shell::MediaPort> port_;
    std::unique_ptr<net::Outbox> out_;
    std::unique_ptr<engine::Engine> engine_;
    std::unique_ptr<shell::PipeServer> controllers_;
    shell::Timer deadline_;
    shell::LoopDelay loop_delay_;
    shell::Timer usage_;
    shell::TurnEnd turn_end_;
    shell::Signals signals_;
};

shell::TcpPort::Events Worker::media_events() {
    return {
        [this](base::Instant now, std::span<net::Datagram> batch) {
            engine_->on_datagrams(now, batch, *out_);
        },
        [this](base::Instant now, const net::Path& path) {
            engine_->on_path_closed(now, path, *out_);
        },
        [this](const net::Path& path) { return engine_->knows(path); },
    };
}

shell::PipeServer::Events Worker::controller_events() {
    using Id = shell::PipeServer::ConnectionId;
    return {
        [this](Id id) { engine_->on_controller_connected(loop_.now(), id); },
        [this](Id id, base::Bytes frame) {
            if (!engine_->on_frame(loop_.now(), id, frame, *out_)) {
                controllers_->close(id, "a frame that cannot be read");
            }
        },
        [this](Id id, std::string_view) { engine_->on_controller_gone(loop_.now(), id); },
    };
}

base::Result<std::unique_ptr<Worker>, std::string> Worker::open(shell::Loop& loop,
                                                                WorkerOptions options) {
    auto identity = dtls::Identity::make(loop.now());
    if (!identity) return base::Err{identity.error()};
    std::unique_ptr<Worker> worker(new Worker(loop, std::move(*identity)));

    std::vector<net::Address> addresses;
    for (const engine::Listen& listen : options.engine.listens) {
        addresses.push_back(listen.address);
    }
    auto port =
        shell::MediaPort::open(loop, addresses, options.port, options.tcp, worker->media_events());
    if (!port) return base::Err{port.error()};
    worker->port_ = std::move(*port);
    if (const std::string& why = worker->port_->tcp_error(); !why.empty()) {
        std::fprintf(stderr, "parley-worker: no media over TCP until the port is free: %s\n",
                     why.c_str());
    }
    worker->out_ = std::make_unique<net::Outbox>(*worker->port_);

    options.engine.pid = static_cast<uint32_t>(getpid());
    for (engine::Listen& listen : options.engine.listens) {
        listen.address.port = worker->port_->port();
        listen.tcp = worker->port_->takes_tcp();
    }
    worker->engine_ = std::make_unique<engine::Engine>(options.engine, *worker->identity_,
                                                       worker->random_, loop.now());
    auto controllers = shell::PipeServer::listen(loop, options.socket, limits::kControllers,
                                                 worker->controller_events());
    if (!controllers) return base::Err{controllers.error()};
    worker->controllers_ = std::move(*controllers);
    worker->report_usage(loop.now());
    return worker;
}

int run(std::span<const std::string_view> arguments) {
    auto parsed = parse_options(arguments);
    if (!parsed) {
        std::fprintf(stderr, "parley-worker: %s\n", parsed.error().c_str());
        return 2;
    }
    if (std::holds_alternative<HelpWanted>(*parsed)) {
        std::fputs(std::string(usage_text()).c_str(), stdout);
        return 0;
    }
    shell::Loop loop;
    auto worker = Worker::open(loop, std::move(std::get<WorkerOptions>(*parsed)));
    if (!worker) {
        std::fprintf(stderr, "parley-worker: %s\n", worker.error().c_str());
        return 1;
    }
    (*worker)->run();
    return 0;
}

}  // namespace
}  // namespace parley

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    return parley::run(arguments);
}
