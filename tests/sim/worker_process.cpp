#include "tests/sim/worker_process.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::sim {

WorkerProcess::WorkerProcess(World& world, Network& network, Line& line, Options options,
                             SendFrame send_frame, TurnEnded turn_ended)
    : world_(world),
      network_(network),
      options_(std::move(options)),
      send_frame_(std::move(send_frame)),
      turn_ended_(std::move(turn_ended)),
      waiter_(world.join(*this)),
      random_(world.fork_random()),
      outbox_(*this) {
    auto identity = dtls::Identity::make(world.now());
    ENSURE(identity);
    identity_ = std::move(*identity);
    std::vector<engine::Listen> listens;
    for (const net::Address& address : options_.addresses) {
        listens.push_back({address, ""});
        network_.bind(address, *this, line);
    }
    engine_ = std::make_unique<engine::Engine>(
        engine::Options{options_.id, options_.pid, listens, options_.orphan_timeout}, *identity_,
        random_, world.now());
    end_turn();
}

WorkerProcess::~WorkerProcess() {
    stop();
}

void WorkerProcess::stop() {
    if (std::exchange(stopped_, true)) return;
    for (const net::Address& address : options_.addresses) network_.unbind(address);
    world_.leave(waiter_);
}

void WorkerProcess::on_controller_connected(engine::ControllerId controller) {
    engine_->on_controller_connected(world_.now(), controller);
    end_turn();
}

bool WorkerProcess::on_frame(engine::ControllerId controller, base::Bytes frame) {
    aligned_.resize(frame.size() / 8 + 1);
    std::memcpy(aligned_.data(), frame.data(), frame.size());
    const base::Bytes copy(reinterpret_cast<const uint8_t*>(aligned_.data()), frame.size());
    const bool readable = engine_->on_frame(world_.now(), controller, copy, outbox_);
    end_turn();
    return readable;
}

void WorkerProcess::on_controller_gone(engine::ControllerId controller) {
    engine_->on_controller_gone(world_.now(), controller);
    end_turn();
}

void WorkerProcess::on_datagrams(std::span<Arrived> batch) {
    batch_.clear();
    for (const Arrived& datagram : batch) {
        batch_.push_back({{datagram.from, index_of(datagram.to)}, datagram.bytes});
    }
    datagrams_received_ += batch_.size();
    engine_->on_datagrams(world_.now(), batch_, outbox_);
    end_turn();
}

void WorkerProcess::on_deadline() {
    engine_->on_deadline(world_.now(), outbox_);
    end_turn();
}

void WorkerProcess::send(std::span<const net::Datagram> batch) {
    for (const net::Datagram& datagram : batch) {
        network_.send(options_.addresses[datagram.path.local], datagram.path.remote,
                      datagram.bytes);
    }
}

void WorkerProcess::end_turn() {
    outbox_.flush();
    for (engine::FrameOut& frame : engine_->take_frames()) {
        send_frame_(frame.controller, std::move(frame.bytes));
    }
    world_.set_deadline(waiter_, engine_->next_deadline());
    ++turns_;
    turn_ended_(*this);
}

bool WorkerProcess::is_at(const net::Address& address) const {
    const auto& own = options_.addresses;
    return std::find(own.begin(), own.end(), address) != own.end();
}

uint8_t WorkerProcess::index_of(const net::Address& address) const {
    for (size_t i = 0; i < options_.addresses.size(); ++i) {
        if (options_.addresses[i] == address) return static_cast<uint8_t>(i);
    }
    ENSURE(false);
    return 0;
}

}  // namespace parley::sim
