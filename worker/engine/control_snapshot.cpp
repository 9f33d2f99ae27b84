#include "worker/engine/control_desk.h"

namespace parley::engine {

namespace {

std::vector<pipe::HeaderExtensionId> write_extensions(const router::HeaderExtensionIds& ids) {
    std::vector<pipe::HeaderExtensionId> wire;
    for (size_t i = 0; i < rtp::kExtensions; ++i) {
        const uint8_t id = ids[static_cast<rtp::Extension>(i)];
        if (id != 0) wire.emplace_back(static_cast<pipe::HeaderExtension>(i), id);
    }
    return wire;
}

Offset<pipe::ProducerSnapshot> write(FlatBufferBuilder& fbb, const router::Producer& producer) {
    const router::ProducerOptions& options = producer.options();
    std::vector<Offset<pipe::Encoding>> encodings;
    if (options.ssrc || !options.rid.empty()) {
        encodings.push_back(
            pipe::CreateEncodingDirect(fbb, options.ssrc.value_or(0), options.rid.c_str()));
    }
    const auto extensions = write_extensions(options.header_extensions);
    return pipe::CreateProducerSnapshotDirect(
        fbb, options.id, options.payload_type, options.clock_rate, options.mid.c_str(), &encodings,
        &extensions, options.paused, &options.app_data, options.csrc);
}

Offset<pipe::ConsumerSnapshot> write(FlatBufferBuilder& fbb, const router::Consumer& consumer) {
    const router::ConsumerOptions& options = consumer.options();
    return pipe::CreateConsumerSnapshotDirect(
        fbb, options.id, consumer.producer()->id(), consumer.ssrc(), options.payload_type,
        options.mid.c_str(), consumer.paused(), &options.app_data);
}

Offset<pipe::SlotSnapshot> write_slot(FlatBufferBuilder& fbb, const router::Consumer& slot) {
    const router::ConsumerOptions& options = slot.options();
    const router::Producer* carried = slot.producer();
    return pipe::CreateSlotSnapshotDirect(fbb, options.id, slot.ssrc(), options.mid.c_str(),
                                          slot.paused(), carried ? carried->options().csrc : 0);
}

Offset<pipe::TransportSnapshot> write(FlatBufferBuilder& fbb, const Router& router,
                                      const router::Leg& leg) {
    std::vector<Offset<pipe::ProducerSnapshot>> producers;
    for (const router::Producer* producer : leg.producers) {
        producers.push_back(write(fbb, *producer));
    }
    std::vector<Offset<pipe::ConsumerSnapshot>> consumers;
    for (const router::Consumer* consumer : leg.consumers) {
        if (!consumer->is_slot()) consumers.push_back(write(fbb, *consumer));
    }
    std::vector<Offset<pipe::SlotSnapshot>> slots;
    router::SlotRules rules;
    if (const router::SlotListener* listener = router.slots().find(leg.transport.id())) {
        for (const auto& slot : listener->slots) slots.push_back(write_slot(fbb, *slot.consumer));
        rules = listener->rules;
    }
    return pipe::CreateTransportSnapshotDirect(
        fbb, leg.transport.id(), static_cast<pipe::IceState>(leg.transport.ice().state()),
        static_cast<pipe::DtlsState>(leg.transport.dtls_state()), &producers, &consumers,
        &leg.transport.app_data(), &slots, &rules.muted, &rules.pinned);
}

Offset<pipe::PipeConsumerSnapshot> write(FlatBufferBuilder& fbb,
                                         const router::PipedConsumer& consumer) {
    const router::Consumer& stream = consumer.stream();
    return pipe::CreatePipeConsumerSnapshotDirect(
        fbb, consumer.pipe().id(), stream.id(), consumer.producer().id(), stream.ssrc(),
        consumer.rtx_ssrc(), stream.paused(), &stream.options().app_data);
}

Offset<pipe::PipeProducerSnapshot> write(FlatBufferBuilder& fbb, const router::PipeEnds::Out& out) {
    const router::ProducerOptions& options = out.producer->options();
    return pipe::CreatePipeProducerSnapshotDirect(
        fbb, out.pipe->id(), options.id, options.ssrc.value_or(0), out.rtx_ssrc,
        options.payload_type, options.clock_rate, options.csrc, options.paused, &options.app_data);
}

Offset<pipe::RouterSnapshot> write(FlatBufferBuilder& fbb, const Router& router) {
    std::vector<Offset<pipe::TransportSnapshot>> transports;
    router.legs().for_each(
        [&](const router::Leg& leg) { transports.push_back(write(fbb, router, leg)); });
    std::vector<Offset<pipe::ObserverSnapshot>> observers;
    for (const router::Observers::Entry& entry : router.observers().entries()) {
        const auto kind = entry.observes_levels() ? pipe::ObserverKind::AudioLevel
                                                  : pipe::ObserverKind::ActiveSpeaker;
        observers.push_back(pipe::CreateObserverSnapshot(fbb, entry.id, kind));
    }
    std::vector<Offset<pipe::PipeConsumerSnapshot>> pipe_consumers;
    for (const auto& consumer : router.pipe_ends().consumers()) {
        pipe_consumers.push_back(write(fbb, *consumer));
    }
    std::vector<Offset<pipe::PipeProducerSnapshot>> pipe_producers;
    for (const router::PipeEnds::Out& out : router.pipe_ends().producers()) {
        pipe_producers.push_back(write(fbb, out));
    }
    return pipe::CreateRouterSnapshotDirect(fbb, router.id(), &transports, &observers,
                                            &router.app_data(), &pipe_consumers, &pipe_producers);
}

Offset<pipe::PipeSnapshot> write(FlatBufferBuilder& fbb, const router::Pipe& pipe) {
    const auto path = pipe.path();
    const std::string remote = path ? net::to_text(path->remote) : "";
    return pipe::CreatePipeSnapshotDirect(fbb, pipe.id(),
                                          static_cast<pipe::PipeState>(pipe.state()),
                                          remote.c_str(), &pipe.app_data());
}

}  // namespace

Answer carry_out(const pipe::GetSnapshot&, Desk& desk) {
    const Worker& worker = desk.worker;
    std::vector<Offset<pipe::RouterSnapshot>> routers;
    worker.media.routers().for_each([&](const Router& router) {
        if (!worker.owners.has_router(worker.owner, router.id())) return;
        routers.push_back(write(desk.fbb, router));
    });
    std::vector<Offset<pipe::PipeSnapshot>> pipes;
    worker.media.pipes().for_each([&](const router::Pipe& each) {
        if (!worker.owners.has_pipe(worker.owner, each.id())) return;
        pipes.push_back(write(desk.fbb, each));
    });
    return with(pipe::CreateSnapshotDirect(desk.fbb, &routers, &pipes));
}

}  // namespace parley::engine
