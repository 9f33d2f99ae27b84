#include "tests/unit/controller/model_worker.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "flatbuffers/pipe_generated.h"

namespace parley::test {

namespace {

namespace fb = flatbuffers;
using Code = pipe::ErrorCode;

std::string text(const fb::String* from) {
    return from ? from->str() : "";
}
std::string text(const fb::Vector<uint8_t>* from) {
    return from ? std::string(from->begin(), from->end()) : "";
}
fb::Offset<fb::Vector<uint8_t>> bytes(fb::FlatBufferBuilder& b, const std::string& from) {
    return b.CreateVector(reinterpret_cast<const uint8_t*>(from.data()), from.size());
}

std::vector<uint32_t> numbers(const fb::Vector<uint32_t>* from) {
    return from ? std::vector<uint32_t>(from->begin(), from->end()) : std::vector<uint32_t>();
}

std::vector<uint8_t> finish(fb::FlatBufferBuilder& b, fb::Offset<pipe::Frame> frame) {
    b.Finish(frame);
    return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
}

}  // namespace

// Carries out one request and writes its reply.
struct ModelWorker::Writer {
    ModelWorker& w;
    fb::FlatBufferBuilder& b;

    template <typename T>
    fb::Offset<pipe::Reply> say(uint32_t id, fb::Offset<T> body) {
        return pipe::CreateReply(b, id, Code::None, 0, pipe::ReplyBodyTraits<T>::enum_value,
                                 body.Union());
    }
    fb::Offset<pipe::Reply> done(uint32_t id) { return say(id, pipe::CreateDone(b)); }
    fb::Offset<pipe::Reply> refuse(uint32_t id, Code code, const char* reason) {
        ++w.refusals;
        return pipe::CreateReply(b, id, code, b.CreateString(reason));
    }

    fb::Offset<pipe::Reply> reply(const pipe::Request& request) {
        const uint32_t id = request.id();
        switch (request.body_type()) {
            case pipe::RequestBody::Hello: {
                const auto* said = request.body_as_Hello()->name();
                w.name = said ? said->str() : "";
                const auto name = b.CreateString("model");
                return say(id, pipe::CreateHelloReply(b, w.major, 0, name, w.pid_, 0,
                                                      static_cast<uint32_t>(w.routers_.size())));
            }
            case pipe::RequestBody::CreateRouter: {
                const auto& r = *request.body_as_CreateRouter();
                if (w.routers_.size() >= w.most_routers) {
                    return refuse(id, Code::LimitReached, "routers");
                }
                if (!w.use(r.router_id())) return refuse(id, Code::AlreadyExists, "router");
                w.routers_[r.router_id()] = text(r.app_data());
                return done(id);
            }
            case pipe::RequestBody::CloseRouter: {
                const uint64_t router = request.body_as_CloseRouter()->router_id();
                if (!w.routers_.contains(router)) return refuse(id, Code::NotFound, "router");
                w.close_router(router);
                return done(id);
            }
            case pipe::RequestBody::CreateObserver: {
                const auto& r = *request.body_as_CreateObserver();
                if (!w.routers_.contains(r.router_id())) {
                    return refuse(id, Code::NotFound, "router");
                }
                if (!w.use(r.observer_id())) return refuse(id, Code::AlreadyExists, "observer");
                w.observers_[r.observer_id()] = {r.router_id(), static_cast<int>(r.kind())};
                return done(id);
            }
            case pipe::RequestBody::CreateTransport:
                return create(id, *request.body_as_CreateTransport());
            case pipe::RequestBody::ConnectTransport: {
                const auto found =
                    w.transports_.find(request.body_as_ConnectTransport()->transport_id());
                if (found == w.transports_.end()) return refuse(id, Code::NotFound, "transport");
                if (found->second.connected) return refuse(id, Code::WrongState, "connected");
                found->second.connected = true;
                return say(id, pipe::CreateTransportConnecting(b, pipe::DtlsRole::Server));
            }
            case pipe::RequestBody::RestartIce: {
                const auto ufrag = b.CreateString("again");
                const auto password = b.CreateString("anew");
                return say(
                    id, pipe::CreateIceRestarted(b, pipe::CreateIceParameters(b, ufrag, password)));
            }
            case pipe::RequestBody::CloseTransport: {
                const uint64_t t = request.body_as_CloseTransport()->transport_id();
                if (!w.transports_.contains(t)) return refuse(id, Code::NotFound, "transport");
                w.close_transport(t);
                return done(id);
            }
            case pipe::RequestBody::SetRouterAppData: {
                const auto& r = *request.body_as_SetRouterAppData();
                if (!w.routers_.contains(r.router_id())) return refuse(id, Code::NotFound, "");
                w.routers_[r.router_id()] = text(r.app_data());
                return done(id);
            }
            case pipe::RequestBody::SetTransportAppData: {
                const auto& r = *request.body_as_SetTransportAppData();
                const auto found = w.transports_.find(r.transport_id());
                if (found == w.transports_.end()) return refuse(id, Code::NotFound, "transport");
                found->second.app_data = text(r.app_data());
                return done(id);
            }
            case pipe::RequestBody::Produce: return produce(id, *request.body_as_Produce());
            case pipe::RequestBody::CloseProducer: {
                const uint64_t p = request.body_as_CloseProducer()->producer_id();
                if (!w.router_of(p)) return refuse(id, Code::NotFound, "producer");
                w.close_producer(p);
                return done(id);
            }
            case pipe::RequestBody::PauseProducer: {
                const auto& r = *request.body_as_PauseProducer();
                const auto found = w.producers_.find(r.producer_id());
                const auto piped = w.arrived_.find(r.producer_id());
                if (!w.router_of(r.producer_id())) return refuse(id, Code::NotFound, "producer");
                (piped == w.arrived_.end() ? found->second.paused : piped->second.paused) =
                    r.paused();
                return done(id);
            }
            case pipe::RequestBody::Consume: return consume(id, *request.body_as_Consume());
            case pipe::RequestBody::ConsumeSlots:
                return consume(id, *request.body_as_ConsumeSlots());
            case pipe::RequestBody::SetSlotRules: {
                const auto& r = *request.body_as_SetSlotRules();
                const auto found = w.listeners_.find(r.transport_id());
                if (found == w.listeners_.end()) return refuse(id, Code::WrongState, "no slots");
                found->second.muted = numbers(r.muted());
                found->second.pinned = numbers(r.pinned());
                return done(id);
            }
            case pipe::RequestBody::CloseConsumer: {
                const uint64_t c = request.body_as_CloseConsumer()->consumer_id();
                if (w.consumers_.erase(c) + w.leaving_.erase(c) == 0) {
                    return refuse(id, Code::NotFound, "consumer");
                }
                return done(id);
            }
            case pipe::RequestBody::PauseConsumer: {
                const auto& r = *request.body_as_PauseConsumer();
                const auto found = w.consumers_.find(r.consumer_id());
                const auto leaving = w.leaving_.find(r.consumer_id());
                if (leaving != w.leaving_.end()) return pause(id, leaving->second, r.paused());
                if (found == w.consumers_.end()) return refuse(id, Code::NotFound, "consumer");
                found->second.paused = r.paused();
                return done(id);
            }
            case pipe::RequestBody::GetSnapshot: return say(id, snapshot());
            case pipe::RequestBody::GetWorkerStats: return say(id, stats());
            case pipe::RequestBody::GetTransportStats:
                return say(id, stats(request.body_as_GetTransportStats()->transport_id()));
            case pipe::RequestBody::CreatePipe: return create(id, *request.body_as_CreatePipe());
            case pipe::RequestBody::ConnectPipe: {
                const auto& r = *request.body_as_ConnectPipe();
                const auto found = w.pipes_.find(r.pipe_id());
                if (found == w.pipes_.end()) return refuse(id, Code::NotFound, "pipe");
                if (found->second.remote_port != 0) return refuse(id, Code::WrongState, "pipe");
                found->second.remote_key = text(r.key());
                found->second.remote_port = r.port();
                return done(id);
            }
            case pipe::RequestBody::ClosePipe: {
                const uint64_t p = request.body_as_ClosePipe()->pipe_id();
                if (!w.pipes_.contains(p)) return refuse(id, Code::NotFound, "pipe");
                w.close_pipe(p);
                return done(id);
            }
            case pipe::RequestBody::GetPipeStats: {
                const bool known = w.pipes_.contains(request.body_as_GetPipeStats()->pipe_id());
                if (!known) return refuse(id, Code::NotFound, "pipe");
                return say(id, pipe::CreatePipeStats(b, pipe::PipeState::Connected));
            }
            case pipe::RequestBody::PipeConsume:
                return pipe_consume(id, *request.body_as_PipeConsume());
            case pipe::RequestBody::PipeProduce:
                return pipe_produce(id, *request.body_as_PipeProduce());
            case pipe::RequestBody::SetPipeRule: {
                const auto& r = *request.body_as_SetPipeRule();
                if (!w.leaves(r.router_id(), r.pipe_id())) {
                    return refuse(id, Code::WrongState, "nothing of the router goes there");
                }
                ++w.rules_set;
                w.rules_[{r.router_id(), r.pipe_id()}] = {r.loudest(), numbers(r.always())};
                return done(id);
            }
            case pipe::RequestBody::Shutdown: w.shut_down = true; return done(id);
            default: return refuse(id, Code::NotSupported, "what is this");
        }
    }

    fb::Offset<pipe::Reply> create(uint32_t id, const pipe::CreateTransport& r) {
        if (!w.routers_.contains(r.router_id())) return refuse(id, Code::NotFound, "router");
        if (!w.use(r.transport_id())) return refuse(id, Code::AlreadyExists, "transport");
        w.transports_[r.transport_id()] = {r.router_id(), text(r.app_data())};
        const auto ufrag = b.CreateString("ufrag" + std::to_string(r.transport_id()));
        const auto password = b.CreateString("password");
        const auto ice = pipe::CreateIceParameters(b, ufrag, password);
        const auto foundation = b.CreateString("udp");
        const auto ip = b.CreateString("127.0.0.1");
        const std::vector<fb::Offset<pipe::IceCandidate>> candidates = {
            pipe::CreateIceCandidate(b, foundation, 1, ip, 40000)};
        const auto algorithm = b.CreateString("sha-256");
        const auto value = b.CreateString("AB:CD");
        const std::vector<fb::Offset<pipe::Fingerprint>> prints = {
            pipe::CreateFingerprint(b, algorithm, value)};
        const auto all = b.CreateVector(candidates);
        const std::vector<fb::Offset<pipe::IceCandidate>> passive = {
            pipe::CreateIceCandidate(b, b.CreateString("tcp"), 1, ip, 40000)};
        const auto tcp = b.CreateVector(passive);
        return say(id, pipe::CreateTransportCreated(b, ice, all, b.CreateVector(prints), tcp));
    }

    fb::Offset<pipe::Reply> produce(uint32_t id, const pipe::Produce& r) {
        if (!w.transports_.contains(r.transport_id())) {
            return refuse(id, Code::NotFound, "transport");
        }
        uint32_t ssrc = 0;
        if (r.encodings() && r.encodings()->size() > 0) ssrc = r.encodings()->Get(0)->ssrc();
        if (w.taken(r.transport_id(), ssrc, text(r.mid()))) {
            return refuse(id, Code::Ssrc, "this SSRC or mid is taken");
        }
        if (!w.use(r.producer_id())) return refuse(id, Code::AlreadyExists, "producer");
        w.producers_[r.producer_id()] = {r.transport_id(),   ssrc,    text(r.mid()), r.paused(),
                                         text(r.app_data()), r.csrc()};
        return done(id);
    }

    fb::Offset<pipe::Reply> consume(uint32_t id, const pipe::ConsumeSlots& r) {
        if (!w.transports_.contains(r.transport_id())) {
            return refuse(id, Code::NotFound, "transport");
        }
        if (w.listeners_.contains(r.transport_id())) return refuse(id, Code::WrongState, "slots");
        if (!r.slots() || r.slots()->size() > 8) return refuse(id, Code::Malformed, "slots");
        std::vector<uint32_t> ssrcs;
        for (const pipe::Slot* slot : *r.slots()) {
            if (!w.use(slot->consumer_id())) return refuse(id, Code::AlreadyExists, "consumer");
            ssrcs.push_back(w.next_ssrc_++);
            w.consumers_[slot->consumer_id()] = {r.transport_id(), 0, ssrcs.back(),
                                                 text(slot->mid()), r.paused()};
        }
        w.listeners_[r.transport_id()] = {r.self_csrc(), numbers(r.muted()), numbers(r.pinned())};
        return say(id, pipe::CreateSlotsConsumed(b, b.CreateVector(ssrcs)));
    }

    fb::Offset<pipe::Reply> consume(uint32_t id, const pipe::Consume& r) {
        const auto transport = w.transports_.find(r.transport_id());
        if (transport == w.transports_.end()) return refuse(id, Code::NotFound, "transport");
        if (w.router_of(r.producer_id()) != transport->second.router) {
            return refuse(id, Code::NotFound, "no such producer in this router");
        }
        if (!w.use(r.consumer_id())) return refuse(id, Code::AlreadyExists, "consumer");
        for (const auto& [other, consumer] : w.consumers_) {
            if (consumer.transport != r.transport_id() || w.lies) continue;
            CHECK(consumer.mid != text(r.mid()));
        }
        const uint32_t ssrc = w.next_ssrc_++;
        w.consumers_[r.consumer_id()] = {r.transport_id(), r.producer_id(), ssrc, text(r.mid()),
                                         r.paused()};
        return say(id, pipe::CreateConsumed(b, ssrc, w.is_paused(r.producer_id())));
    }

    fb::Offset<pipe::Reply> pause(uint32_t id, Leaving& leaving, bool paused) {
        if (!w.lies) CHECK(leaving.paused != paused);
        leaving.paused = paused;
        return done(id);
    }

    fb::Offset<pipe::Reply> create(uint32_t id, const pipe::CreatePipe& r) {
        if (w.pipes_.size() >= w.most_pipes) return refuse(id, Code::LimitReached, "pipes");
        if (!w.use(r.pipe_id())) return refuse(id, Code::AlreadyExists, "pipe");
        const Pipe& made = w.pipes_[r.pipe_id()] = {
            text(r.app_data()), std::to_string(w.pid_) + "/" + std::to_string(r.pipe_id())};
        const auto ip = b.CreateString("127.0.0.1"), announced = b.CreateString("192.0.2.200");
        const std::vector<fb::Offset<pipe::Listen>> listens = {
            pipe::CreateListen(b, ip, announced, w.port())};
        const auto all = b.CreateVector(listens);
        const auto key = bytes(b, made.key);
        return say(id, pipe::CreatePipeCreated(b, all, key, bytes(b, "salt"), 1, 1));
    }

    fb::Offset<pipe::Reply> pipe_consume(uint32_t id, const pipe::PipeConsume& r) {
        if (w.leaving_.size() >= w.most_crossing) return refuse(id, Code::LimitReached, "streams");
        if (!w.pipes_.contains(r.pipe_id())) return refuse(id, Code::NotFound, "pipe");
        if (!w.producers_.contains(r.producer_id()) ||
            w.router_of(r.producer_id()) != r.router_id()) {
            return refuse(id, Code::NotFound, "no such producer of its own in this router");
        }
        for (const auto& [other, leaving] : w.leaving_) {
            if (!w.lies)
                CHECK((leaving.pipe != r.pipe_id() || leaving.producer != r.producer_id()));
        }
        if (!w.use(r.consumer_id())) return refuse(id, Code::AlreadyExists, "consumer");
        const uint32_t ssrc = w.next_ssrc_++;
        w.leaving_[r.consumer_id()] = {r.router_id(), r.pipe_id(), r.producer_id(), ssrc,
                                       text(r.app_data())};
        return say(
            id, pipe::CreatePipeConsumed(b, ssrc, ssrc + 1'000'000, w.is_paused(r.producer_id())));
    }

    fb::Offset<pipe::Reply> pipe_produce(uint32_t id, const pipe::PipeProduce& r) {
        if (w.arrived_.size() >= w.most_crossing) return refuse(id, Code::LimitReached, "streams");
        if (!w.pipes_.contains(r.pipe_id())) return refuse(id, Code::NotFound, "pipe");
        if (!w.routers_.contains(r.router_id())) return refuse(id, Code::NotFound, "router");
        if (!w.lies) CHECK((r.payload_type() == 111 && r.clock_rate() == 48000));
        if (!w.use(r.producer_id())) return refuse(id, Code::AlreadyExists, "producer");
        w.arrived_[r.producer_id()] = {r.router_id(), r.pipe_id(), r.ssrc(), r.paused(),
                                       text(r.app_data())};
        return done(id);
    }

    fb::Offset<pipe::TransportSnapshot> snapshot(uint64_t id, const Transport& t) {
        std::vector<fb::Offset<pipe::ProducerSnapshot>> producers;
        for (const auto& [number, p] : w.producers_) {
            if (p.transport != id) continue;
            const std::vector<fb::Offset<pipe::Encoding>> one = {pipe::CreateEncoding(b, p.ssrc)};
            const auto mid = b.CreateString(p.mid);
            const auto encodings = b.CreateVector(one);
            const auto app_data = bytes(b, p.app_data);
            producers.push_back(pipe::CreateProducerSnapshot(b, number, 111, 48000, mid, encodings,
                                                             0, p.paused, app_data));
        }
        std::vector<fb::Offset<pipe::ConsumerSnapshot>> consumers;
        std::vector<fb::Offset<pipe::SlotSnapshot>> slots;
        for (const auto& [number, c] : w.consumers_) {
            if (c.transport != id) continue;
            const auto mid = b.CreateString(c.mid);
            if (c.producer == 0) {
                slots.push_back(pipe::CreateSlotSnapshot(b, number, c.ssrc, mid, c.paused));
                continue;
            }
            consumers.push_back(
                pipe::CreateConsumerSnapshot(b, number, c.producer, c.ssrc, 100, mid, c.paused));
        }
        const auto all_producers = b.CreateVector(producers);
        const auto all_consumers = b.CreateVector(consumers);
        const auto app_data = bytes(b, t.app_data);
        const auto listener = w.listeners_.find(id);
        const bool listens = listener != w.listeners_.end();
        const auto all_slots = b.CreateVector(slots);
        const auto muted =
            b.CreateVector(listens ? listener->second.muted : std::vector<uint32_t>());
        const auto pinned =
            b.CreateVector(listens ? listener->second.pinned : std::vector<uint32_t>());
        return pipe::CreateTransportSnapshot(b, id, pipe::IceState::Completed,
                                             pipe::DtlsState::Connected, all_producers,
                                             all_consumers, app_data, all_slots, muted, pinned);
    }

    fb::Offset<pipe::Snapshot> snapshot() {
        std::vector<fb::Offset<pipe::RouterSnapshot>> routers;
        for (const auto& [id, router_data] : w.routers_) {
            std::vector<fb::Offset<pipe::TransportSnapshot>> transports;
            for (const auto& [number, t] : w.transports_) {
                if (t.router == id) transports.push_back(snapshot(number, t));
            }
            std::vector<fb::Offset<pipe::ObserverSnapshot>> observers;
            for (const auto& [number, o] : w.observers_) {
                if (o.first != id) continue;
                observers.push_back(pipe::CreateObserverSnapshot(
                    b, number, static_cast<pipe::ObserverKind>(o.second)));
            }
            const auto all_transports = b.CreateVector(transports);
            const auto all_observers = b.CreateVector(observers);
            const auto app_data = bytes(b, router_data);
            std::vector<fb::Offset<pipe::PipeConsumerSnapshot>> leaving;
            for (const auto& [number, l] : w.leaving_) {
                if (l.router != id) continue;
                leaving.push_back(pipe::CreatePipeConsumerSnapshot(
                    b, l.pipe, number, l.producer, l.ssrc, 0, l.paused, bytes(b, l.app_data)));
            }
            std::vector<fb::Offset<pipe::PipeProducerSnapshot>> arrived;
            for (const auto& [number, a] : w.arrived_) {
                if (a.router != id) continue;
                arrived.push_back(pipe::CreatePipeProducerSnapshot(
                    b, a.pipe, number, a.ssrc, 0, 111, 48000, 0, a.paused, bytes(b, a.app_data)));
            }
            const auto all_leaving = b.CreateVector(leaving);
            const auto all_arrived = b.CreateVector(arrived);
            routers.push_back(pipe::CreateRouterSnapshot(b, id, all_transports, all_observers,
                                                         app_data, all_leaving, all_arrived));
        }
        std::vector<fb::Offset<pipe::PipeSnapshot>> pipes;
        for (const auto& [id, p] : w.pipes_) {
            const auto state =
                p.remote_port == 0 ? pipe::PipeState::New : pipe::PipeState::Connected;
            const auto remote = b.CreateString("127.0.0.1");
            pipes.push_back(pipe::CreatePipeSnapshot(b, id, state, remote, bytes(b, p.app_data)));
        }
        const auto all_routers = b.CreateVector(routers);
        return pipe::CreateSnapshot(b, all_routers, b.CreateVector(pipes));
    }

    fb::Offset<pipe::WorkerStats> stats() {
        const std::vector<fb::Offset<pipe::DropCount>> drops = {
            pipe::CreateDropCount(b, b.CreateString("not_stun"), 7)};
        const auto all = b.CreateVector(drops);
        pipe::WorkerStatsBuilder out(b);
        out.add_routers(static_cast<uint32_t>(w.routers_.size()));
        out.add_transports(static_cast<uint32_t>(w.transports_.size()));
        out.add_producers(static_cast<uint32_t>(w.producers_.size()));
        out.add_consumers(static_cast<uint32_t>(w.consumers_.size()));
        out.add_packets_received(11);
        out.add_cpu_ns(w.cpu_ns);
        out.add_drops(all);
        return out.Finish();
    }

    fb::Offset<pipe::TransportStats> stats(uint64_t transport) {
        std::vector<fb::Offset<pipe::StreamStats>> producers, consumers;
        for (const auto& [id, p] : w.producers_) {
            if (p.transport != transport) continue;
            producers.push_back(
                pipe::CreateStreamStats(b, id, p.ssrc, 50, 5000, 1, 0.5f, 2.5f, -1.0f, -30));
        }
        for (const auto& [id, c] : w.consumers_) {
            if (c.transport != transport) continue;
            consumers.push_back(
                pipe::CreateStreamStats(b, id, c.ssrc, 40, 4000, -2, 0.0f, 1.0f, 33.0f, 1));
        }
        const auto remote = b.CreateString("192.0.2.1:5000");
        const auto profile = b.CreateString("AEAD_AES_128_GCM");
        const auto all_producers = b.CreateVector(producers);
        const auto all_consumers = b.CreateVector(consumers);
        return pipe::CreateTransportStats(b, pipe::IceState::Completed, pipe::DtlsState::Connected,
                                          remote, profile, 1, 2, 3, 4, all_producers,
                                          all_consumers);
    }
};

bool ModelWorker::leaves(uint64_t router, uint64_t pipe) const {
    return std::any_of(leaving_.begin(), leaving_.end(), [&](const auto& entry) {
        return entry.second.router == router && entry.second.pipe == pipe;
    });
}

std::vector<uint8_t> ModelWorker::on_frame(std::span<const uint8_t> frame) {
    fb::Verifier verifier(frame.data(), frame.size());
    REQUIRE(pipe::VerifyFrameBuffer(verifier));
    const auto* requests = pipe::GetFrame(frame.data())->requests();
    REQUIRE(requests != nullptr);
    REQUIRE(requests->size() <= 1024);
    REQUIRE(frame.size() <= 4 * 1024 * 1024);
    ++frames;
    batches.push_back(requests->size());
    fb::FlatBufferBuilder b;
    Writer writer{*this, b};
    std::vector<fb::Offset<pipe::Reply>> replies;
    for (const auto* request : *requests) {
        replies.push_back(writer.reply(*request));
        std::erase_if(
            rules_, [&](const auto& rule) { return !leaves(rule.first.first, rule.first.second); });
    }
    if (babbles) replies.push_back(writer.done(4'000'000'000));
    const auto all = b.CreateVector(replies);
    return finish(b, pipe::CreateFrame(b, 0, all));
}

std::vector<uint8_t> ModelWorker::volumes(uint64_t observer,
                                          const std::vector<std::pair<uint64_t, int>>& levels) {
    fb::FlatBufferBuilder b;
    std::vector<fb::Offset<pipe::Volume>> volumes;
    for (const auto& [producer, dbov] : levels) {
        volumes.push_back(pipe::CreateVolume(b, producer, static_cast<int8_t>(dbov)));
    }
    const auto body = pipe::CreateVolumes(b, observer, b.CreateVector(volumes));
    const std::vector<fb::Offset<pipe::Notification>> one = {
        pipe::CreateNotification(b, pipe::NotificationBody::Volumes, body.Union())};
    const auto all = b.CreateVector(one);
    return finish(b, pipe::CreateFrame(b, 0, 0, all));
}

std::vector<uint8_t> ModelWorker::dominant(uint64_t observer, uint64_t producer) {
    fb::FlatBufferBuilder b;
    const auto body = pipe::CreateDominantSpeaker(b, observer, producer);
    const std::vector<fb::Offset<pipe::Notification>> one = {
        pipe::CreateNotification(b, pipe::NotificationBody::DominantSpeaker, body.Union())};
    const auto all = b.CreateVector(one);
    return finish(b, pipe::CreateFrame(b, 0, 0, all));
}

std::vector<uint8_t> ModelWorker::dtls(uint64_t transport, bool connected) {
    fb::FlatBufferBuilder b;
    const auto state = connected ? pipe::DtlsState::Connected : pipe::DtlsState::Handshaking;
    const auto body = pipe::CreateDtlsStateChanged(b, transport, state);
    const std::vector<fb::Offset<pipe::Notification>> one = {
        pipe::CreateNotification(b, pipe::NotificationBody::DtlsStateChanged, body.Union())};
    const auto all = b.CreateVector(one);
    return finish(b, pipe::CreateFrame(b, 0, 0, all));
}

std::vector<uint8_t> ModelWorker::slot_speakers(const std::vector<SlotSpeaker>& speakers) {
    fb::FlatBufferBuilder b;
    std::vector<pipe::SlotSpeaker> slots;
    for (const auto& [transport, consumer, csrc] : speakers) {
        slots.emplace_back(transport, consumer, csrc);
    }
    const auto body = pipe::CreateSlotSpeakers(b, b.CreateVectorOfStructs(slots));
    const std::vector<fb::Offset<pipe::Notification>> one = {
        pipe::CreateNotification(b, pipe::NotificationBody::SlotSpeakers, body.Union())};
    const auto all = b.CreateVector(one);
    return finish(b, pipe::CreateFrame(b, 0, 0, all));
}

uint64_t ModelWorker::heard_by(uint64_t consumer) const {
    const auto found = consumers_.find(consumer);
    if (found == consumers_.end() || found->second.paused || found->second.producer == 0) return 0;
    return is_paused(found->second.producer) ? 0 : found->second.producer;
}

bool ModelWorker::speaks(uint64_t producer) const {
    const auto found = producers_.find(producer);
    return found != producers_.end() && !found->second.paused;
}

std::vector<uint64_t> ModelWorker::observers(uint64_t router) const {
    std::vector<uint64_t> found(2);
    for (const auto& [id, observer] : observers_) {
        if (observer.first == router) found.at(static_cast<size_t>(observer.second)) = id;
    }
    return found;
}

void ModelWorker::rewrite_app_data(const std::function<std::string(const std::string&)>& rewrite) {
    for (auto& [id, data] : routers_) data = rewrite(data);
    for (auto& [id, transport] : transports_) transport.app_data = rewrite(transport.app_data);
    for (auto& [id, producer] : producers_) producer.app_data = rewrite(producer.app_data);
    for (auto& [id, piped] : pipes_) piped.app_data = rewrite(piped.app_data);
    for (auto& [id, piped] : arrived_) piped.app_data = rewrite(piped.app_data);
}

bool ModelWorker::use(uint64_t id) {
    return used_.insert(id).second;
}

void ModelWorker::close_router(uint64_t id) {
    const auto transports = transports_;
    for (const auto& [number, transport] : transports) {
        if (transport.router == id) close_transport(number);
    }
    std::erase_if(leaving_, [&](const auto& l) { return l.second.router == id; });
    const auto arrived = arrived_;
    for (const auto& [number, stream] : arrived) {
        if (stream.router == id) close_producer(number);
    }
    std::erase_if(observers_, [&](const auto& o) { return o.second.first == id; });
    routers_.erase(id);
}

void ModelWorker::close_transport(uint64_t id) {
    const auto producers = producers_;
    for (const auto& [number, producer] : producers) {
        if (producer.transport == id) close_producer(number);
    }
    std::erase_if(consumers_, [&](const auto& c) { return c.second.transport == id; });
    listeners_.erase(id);
    transports_.erase(id);
}

void ModelWorker::close_pipe(uint64_t id) {
    std::erase_if(leaving_, [&](const auto& l) { return l.second.pipe == id; });
    const auto arrived = arrived_;
    for (const auto& [number, stream] : arrived) {
        if (stream.pipe == id) close_producer(number);
    }
    pipes_.erase(id);
}

std::optional<uint64_t> ModelWorker::router_of(uint64_t producer) const {
    const auto own = producers_.find(producer);
    if (own != producers_.end()) return transports_.at(own->second.transport).router;
    const auto piped = arrived_.find(producer);
    if (piped != arrived_.end()) return piped->second.router;
    return std::nullopt;
}

bool ModelWorker::is_paused(uint64_t producer) const {
    const auto own = producers_.find(producer);
    return own != producers_.end() ? own->second.paused : arrived_.at(producer).paused;
}

void ModelWorker::close_producer(uint64_t id) {
    std::erase_if(leaving_, [&](const auto& l) { return l.second.producer == id; });
    arrived_.erase(id);
    std::erase_if(consumers_, [&](const auto& c) { return c.second.producer == id; });
    producers_.erase(id);
}

bool ModelWorker::taken(uint64_t transport, uint32_t ssrc, const std::string& mid) const {
    for (const auto& [id, p] : producers_) {
        if (p.transport == transport && (p.ssrc == ssrc || p.mid == mid)) return true;
    }
    return false;
}

}  // namespace parley::test
