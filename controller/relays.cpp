#include "controller/relays.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <chrono>

#include "common/base/ensure.h"
#include "common/cluster/base64.h"
#include "common/json/json.h"

namespace parley::controller {

namespace {

std::string credential(const std::string& secret, const std::string& username) {
    std::array<uint8_t, EVP_MAX_MD_SIZE> code;
    unsigned size = 0;
    ENSURE(HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
                reinterpret_cast<const uint8_t*>(username.data()), username.size(), code.data(),
                &size) != nullptr);
    return cluster::to_base64({code.data(), size});
}

}  // namespace

std::string write_ice_servers(base::Instant now, const Relays& relays, std::string_view peer) {
    if (relays.urls.empty()) return "";
    const int64_t expiry = (now + relays.ttl).micros() / base::Duration(1s).count();
    const std::string username = std::to_string(expiry) + ":" + std::string(peer);
    JsonWriter out;
    out.array().object().key("urls").array();
    for (const std::string& url : relays.urls) out.text(url);
    out.end_array().text("username", username);
    out.text("credential", credential(relays.secret, username));
    return out.end_object().end_array().take();
}

}  // namespace parley::controller
