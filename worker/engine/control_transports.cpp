#include "worker/engine/control_desk.h"

#include <utility>

namespace parley::engine {

using router::refused;

namespace {

constexpr size_t kTraceBytes = 64;

Offset<pipe::IceParameters> write_ice(FlatBufferBuilder& fbb, const ice::Credentials& ice) {
    return pipe::CreateIceParametersDirect(fbb, ice.username_fragment.c_str(),
                                           ice.password.c_str());
}

std::vector<Offset<pipe::IceCandidate>> write_candidates(FlatBufferBuilder& fbb,
                                                         const std::vector<Candidate>& from) {
    std::vector<Offset<pipe::IceCandidate>> all;
    for (const Candidate& candidate : from) {
        all.push_back(pipe::CreateIceCandidateDirect(fbb, candidate.foundation.c_str(),
                                                     candidate.priority, candidate.ip.c_str(),
                                                     candidate.port));
    }
    return all;
}

}  // namespace

Answer carry_out(const pipe::CreateRouter& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    if (ask.trace() && ask.trace()->size() > kTraceBytes) {
        return refused(Refusal::Malformed, "the trace is too long");
    }
    const auto made = desk.worker.media.create_router(ask.router_id(), bytes_of(ask.app_data()));
    if (!made) return base::Err{made.error()};
    desk.worker.owners.add_router(desk.worker.owner, ask.router_id());
    if (ask.trace()) {
        desk.turn.notices.push_back(router::RouterOpened{ask.router_id(), text_of(ask.trace())});
    }
    return desk.done(made);
}

Answer carry_out(const pipe::CloseRouter& ask, Desk& desk) {
    const auto closed = desk.worker.media.close_router(desk.now, ask.router_id(), desk.turn);
    if (closed) desk.worker.owners.remove_router(ask.router_id());
    return desk.done(closed);
}

Answer carry_out(const pipe::SetRouterAppData& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    return desk.done(
        desk.worker.media.set_router_app_data(ask.router_id(), bytes_of(ask.app_data())));
}

Answer carry_out(const pipe::CreateTransport& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    const auto created = desk.worker.media.create_transport(
        desk.now, ask.router_id(), ask.transport_id(), bytes_of(ask.app_data()));
    if (!created) return base::Err{created.error()};
    const auto candidates = write_candidates(desk.fbb, created->candidates);
    const auto tcp_candidates = write_candidates(desk.fbb, created->tcp_candidates);
    std::vector<Offset<pipe::Fingerprint>> fingerprints;
    for (const dtls::Fingerprint& fingerprint : created->fingerprints) {
        fingerprints.push_back(pipe::CreateFingerprintDirect(
            desk.fbb, fingerprint.algorithm.c_str(), fingerprint.value.c_str()));
    }
    const auto ice = write_ice(desk.fbb, created->ice);
    return with(pipe::CreateTransportCreatedDirect(desk.fbb, ice, &candidates, &fingerprints,
                                                   &tcp_candidates));
}

Answer carry_out(const pipe::ConnectTransport& ask, Desk& desk) {
    std::vector<dtls::Fingerprint> remote;
    if (ask.fingerprints()) {
        for (const pipe::Fingerprint* fingerprint : *ask.fingerprints()) {
            remote.push_back({text_of(fingerprint->algorithm()), text_of(fingerprint->value())});
        }
    }
    if (remote.empty()) return refused(Refusal::Malformed, "no fingerprint");
    const bool we_are_client = ask.role() == pipe::DtlsRole::Server;
    const Status status = desk.worker.media.connect_transport(
        desk.now, ask.transport_id(), we_are_client ? dtls::Role::Client : dtls::Role::Server,
        std::move(remote), desk.turn);
    if (!status) return base::Err{status.error()};
    return with(pipe::CreateTransportConnecting(
        desk.fbb, we_are_client ? pipe::DtlsRole::Client : pipe::DtlsRole::Server));
}

Answer carry_out(const pipe::RestartIce& ask, Desk& desk) {
    const auto credentials = desk.worker.media.restart_ice(desk.now, ask.transport_id());
    if (!credentials) return base::Err{credentials.error()};
    return with(pipe::CreateIceRestarted(desk.fbb, write_ice(desk.fbb, *credentials)));
}

Answer carry_out(const pipe::CloseTransport& ask, Desk& desk) {
    return desk.done(desk.worker.media.close_transport(desk.now, ask.transport_id(), desk.turn));
}

Answer carry_out(const pipe::SetTransportAppData& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    return desk.done(
        desk.worker.media.set_transport_app_data(ask.transport_id(), bytes_of(ask.app_data())));
}

}  // namespace parley::engine
