#include "tests/sim/spread_cluster.h"

#include <cstring>
#include <utility>

namespace parley::sim {

namespace cw = controller::workers;
using controller::HeaderExtension;

namespace {

constexpr engine::ControllerId kController = 1;

// As a listener agrees to them.
constexpr uint8_t kPayloadType = 100;
constexpr uint8_t kMidId = 1;
constexpr uint8_t kAudioLevelId = 10;

net::Address clients_address(uint32_t worker) {
    return net::Address::v4(0xc000020a + worker, 40'000);  // 192.0.2.10
}
net::Address workers_address(uint32_t worker) {
    return net::Address::v4(0xc633640a + worker, 40'000);  // 198.51.100.10
}

Line line_of(World& world, base::Duration delay) {
    Line line(world.fork_random());
    line.up.conditions.delay = line.down.conditions.delay = delay;
    return line;
}

}  // namespace

SpreadWorker::SpreadWorker(World& world, Network& network, uint32_t number,
                           WorkerProcess::TurnEnded turn_ended)
    : to_clients_(line_of(world, 100us)), to_workers_(line_of(world, 0us)) {
    process_ = std::make_unique<WorkerProcess>(
        world, network, to_clients_,
        WorkerProcess::Options{"worker-" + std::to_string(number),
                               number,
                               {clients_address(number), workers_address(number)}},
        [this](engine::ControllerId, std::vector<uint8_t> frame) { hear(frame); },
        std::move(turn_ended));
    network.bind(workers_address(number), *process_, to_workers_);
    process_->on_controller_connected(kController);
    ask(cw::Hello{"spread"});
}

void SpreadWorker::hear(base::Bytes frame) {
    std::vector<uint64_t> aligned(frame.size() / 8 + 1);
    std::memcpy(aligned.data(), frame.data(), frame.size());
    const auto parsed =
        cw::parse_frame({reinterpret_cast<const uint8_t*>(aligned.data()), frame.size()});
    ENSURE(parsed.has_value());
    if (!parsed->replies.empty()) latest_ = parsed->replies.back();
    for (const cw::Notification& notification : parsed->notifications) {
        const auto* changed = std::get_if<cw::PipeStateChanged>(&notification);
        if (changed) told_.push_back(changed->state);
    }
}

cw::ReplyBody SpreadWorker::ask(cw::Body body) {
    const cw::Request request{++latest_request_, std::move(body)};
    latest_.reset();
    ENSURE(process_->on_frame(kController, cw::write_requests(std::span(&request, 1))));
    ENSURE(latest_ && latest_->id == request.id && latest_->refusal == cw::Refusal::None);
    return latest_->body;
}

SpreadPerson::SpreadPerson(World& world, Network& network, Places& places, Laws& laws,
                           std::string name)
    : world_(world),
      laws_(laws),
      name_(std::move(name)),
      waiter_(world.join(*this)),
      line_(line_of(world, 5ms)),
      voice_(world.fork_random(), world.now()) {
    auto identity = dtls::Identity::make(world.now());
    ENSURE(identity);
    identity_ = std::move(*identity);
    const MediaLeg::Options options{places.next_leg(), places.next_address(false)};
    places.settle(options.id, options.address);
    leg_ = std::make_unique<MediaLeg>(world, network, line_, *identity_, *this, options);
    voice_.begin_stream();
}

SpreadPerson::~SpreadPerson() {
    world_.leave(waiter_);
}

void SpreadPerson::introduce(People& people, uint32_t room) {
    number_ = people.add(name_, room, voice_.mouth());
    voice_.introduce(room, number_);
    ears_ = std::make_unique<VoiceReceiver>(people, room, number_,
                                            [this](const std::string& law) { world_.broken(law); });
    world_.set_deadline(waiter_, voice_.next_deadline());
}

void SpreadPerson::speak(base::Duration how_long) {
    voice_.mouth().speak(world_.now(), how_long);
    world_.set_deadline(waiter_, voice_.next_deadline());
}

Heard SpreadPerson::heard(const SpreadPerson& other) const {
    return Heard(other.voice_.mouth().said(), ears_->arrivals(other.number_), world_.now());
}

void SpreadPerson::on_rtp(MediaLeg&, base::Bytes packet) {
    ears_->on_rtp(world_.now(), packet);
}
void SpreadPerson::on_rtcp(MediaLeg&, base::Bytes compound) {
    ears_->on_rtcp(world_.now(), compound);
}
void SpreadPerson::on_keys(MediaLeg&, const dtls::SrtpKeys& keys) {
    laws_.on_keys(keys);
}
void SpreadPerson::on_nonsense(MediaLeg&, const char* what) {
    world_.broken(name_ + " was sent " + what);
}

void SpreadPerson::on_deadline() {
    voice_.on_deadline(world_.now(), leg_.get());
    world_.set_deadline(waiter_, voice_.next_deadline());
}

SpreadCluster::SpreadCluster(uint64_t seed, Options options)
    : options_(std::move(options)), world_(seed), network_(world_), laws_(world_, places_) {
    network_.tap(laws_);
    for (uint32_t i = 0; i < options_.workers; ++i) {
        workers_.push_back(std::make_unique<SpreadWorker>(
            world_, network_, i,
            [this](const WorkerProcess& worker) { laws_.on_worker_turn(worker); }));
        workers_.back()->way_out() = options_.way;
    }
    connect_workers();
    run(1s);
}

void SpreadCluster::connect_workers() {
    for (uint32_t i = 0; i < options_.workers; ++i) {
        for (uint32_t j = i + 1; j < options_.workers; ++j) {
            const uint64_t pipe = pipe_of(i, j);
            const auto create = [&](uint32_t at) {
                const bool repair = !options_.without_repair.contains(at);
                return worker(at).ask_for<cw::PipeCreated>(cw::CreatePipe{pipe, repair, ""});
            };
            const cw::PipeCreated here = create(i), there = create(j);
            const auto connect = [&](uint32_t at, const cw::PipeCreated& other) {
                const cw::Listen& listen = other.listens.at(1);
                worker(at).ask(cw::ConnectPipe{pipe, 1, listen.ip, listen.port, other.key,
                                               other.salt, other.version, other.capabilities});
            };
            connect(i, there);
            connect(j, here);
        }
    }
}

uint64_t SpreadCluster::router_of(Room& room, uint32_t at) {
    uint64_t& router = room.routers[at];
    if (router == 0) worker(at).ask(cw::CreateRouter{router = ++latest_id_, ""});
    return router;
}

SpreadPerson& SpreadCluster::join(const std::string& name, uint32_t at, const std::string& who) {
    const auto [found, fresh] = rooms_.try_emplace(name);
    Room& room = found->second;
    if (fresh) room.number = people_.add_room(name);
    Member member{std::make_unique<SpreadPerson>(world_, network_, places_, laws_, who), at,
                  ++latest_id_, ++latest_id_};
    SpreadPerson& person = *member.person;
    person.introduce(people_, room.number);
    const auto created = worker(at).ask_for<controller::TransportParameters>(
        cw::CreateTransport{router_of(room, at), member.transport, ""});
    worker(at).ask(cw::ConnectTransport{member.transport,
                                        controller::DtlsRole::Client,
                                        {{person.fingerprint_algorithm(), person.fingerprint()}}});
    RemoteTransport remote;
    remote.ice = {created.ice.username_fragment, created.ice.password};
    remote.candidates = {clients_address(at)};
    for (const auto& print : created.fingerprints) {
        remote.fingerprints.push_back({print.algorithm, print.value});
    }
    person.leg().connect(std::move(remote));
    controller::SendParameters sends;
    sends.payload_type = VoiceSender::kPayloadType;
    sends.clock_rate = 48'000;
    sends.encodings = {{person.voice().ssrc(), ""}};
    sends.header_extensions = {{HeaderExtension::AudioLevel, VoiceSender::kAudioLevelId}};
    worker(at).ask(cw::Produce{.transport = member.transport,
                               .producer = member.producer,
                               .parameters = sends,
                               .paused = false,
                               .app_data = ""});
    room.members.push_back(std::move(member));
    return person;
}

void SpreadCluster::introduce_all() {
    run(3s);
    for (auto& [name, room] : rooms_) {
        for (const Member& speaker : room.members) {
            ENSURE(speaker.person->leg().connected());
            carry(room, speaker);
        }
    }
}

void SpreadCluster::carry(Room& room, const Member& speaker) {
    std::map<uint32_t, uint64_t> producers = {{speaker.worker, speaker.producer}};
    for (const auto& [at, router] : room.routers) {
        if (at == speaker.worker) continue;
        const uint64_t pipe = pipe_of(at, speaker.worker), producer = ++latest_id_;
        const auto consumed = worker(speaker.worker)
                                  .ask_for<cw::PipeConsumed>(
                                      cw::PipeConsume{room.routers.at(speaker.worker), pipe,
                                                      ++latest_id_, speaker.producer, false, ""});
        worker(at).ask(cw::PipeProduce{router, pipe, producer, consumed.ssrc, consumed.rtx_ssrc,
                                       VoiceSender::kPayloadType, 48'000, 0, false, ""});
        producers[at] = producer;
    }
    for (const Member& listener : room.members) {
        if (&listener == &speaker) continue;
        listen(listener, speaker, producers.at(listener.worker));
    }
}

void SpreadCluster::listen(const Member& listener, const Member& speaker, uint64_t producer) {
    const uint64_t consumer = ++latest_id_;
    const std::string mid = std::to_string(consumer);
    SpreadWorker& at = worker(listener.worker);
    const auto consumed = at.ask_for<cw::Consumed>(
        cw::Consume{listener.transport,
                    consumer,
                    producer,
                    kPayloadType,
                    mid,
                    {{HeaderExtension::Mid, kMidId}, {HeaderExtension::AudioLevel, kAudioLevelId}},
                    speaker.person->name()});
    listener.person->ears().announce({std::to_string(consumer), speaker.person->name(),
                                      consumed.ssrc, kPayloadType, mid, kMidId, kAudioLevelId});
    at.ask(cw::PauseConsumer{consumer, false});
}

cw::PipeStats SpreadCluster::pipe_stats(uint32_t at, uint32_t to) {
    return worker(at).ask_for<cw::PipeStats>(cw::GetPipeStats{pipe_of(at, to)});
}

}  // namespace parley::sim
