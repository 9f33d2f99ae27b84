#include "controller/api/admission.h"

#include <charconv>

namespace parley::controller::api {

namespace {

base::Err<Refusal> refuse(uint16_t code, std::string reason) {
    return base::Err{Refusal{code, std::move(reason)}};
}

bool read_received(const Query& query, uint64_t& received) {
    const auto text = find(query, "received");
    if (!text || text->empty()) return true;
    const char* end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, received);
    return error == std::errc() && rest == end;
}

}  // namespace

base::Result<Admission, Refusal> admit(Instant now, const Query& query, std::string_view remote,
                                       const Tokens& tokens, bool token_required) {
    Admission admission;
    admission.remote = remote;
    admission.room = find(query, "roomId").value_or("");
    admission.peer = find(query, "peerId").value_or("");
    if (const auto session = find(query, "session")) admission.session = *session;
    if (!read_received(query, admission.received)) {
        return refuse(4400, "bad-request: received is a whole number");
    }
    const std::string_view token = find(query, "token").value_or("");
    if (!token.empty()) {
        const auto grant = tokens.check(now, token);
        if (!grant) return refuse(4401, "unauthorized: " + grant.error());
        admission.room = grant->room;
        admission.peer = grant->peer;
        admission.rights = grant->rights;
    } else if (token_required) {
        return refuse(4401, "unauthorized: a token is wanted");
    }
    if (!is_id(admission.room)) return refuse(4400, "bad-request: roomId");
    if (!is_id(admission.peer)) return refuse(4400, "bad-request: peerId");
    return admission;
}

}  // namespace parley::controller::api
