#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/time.h"

namespace parley::controller {

enum class TokenAlgorithm : uint8_t { Hs256, Es256, Rs256 };

// One key that peer tokens are checked with. A token's `kid` chooses among several.
struct TokenKeySource {
    std::string kid;
    TokenAlgorithm algorithm = TokenAlgorithm::Hs256;
    std::string value;  // Hs256: the secret; else the path of a public key, PEM
    bool operator==(const TokenKeySource&) const = default;
};

struct WebhookTarget {
    std::string url;
    std::string secret;  // signs what is sent there
    bool operator==(const WebhookTarget&) const = default;
};

// Everything that can be set, with what holds when nothing is. docs/configuration.md says what
// each means; settings.cpp gives each its key.
struct Config {
    std::vector<std::string> http_listen = {"0.0.0.0", "::"};
    uint16_t http_port = 4400;  // 0: any free one
    std::string public_url;     // "": as the request named us
    std::string web_root;       // "": no page is served

    std::string tls_certificate, tls_key;  // files, PEM; both or neither
    std::vector<std::string> https_listen = {"0.0.0.0", "::"};
    uint16_t https_port = 4443;  // 0: any free one

    uint32_t workers = 0;  // 0: one per core
    uint16_t rtc_port = 40'000;
    bool rtc_tcp = true;
    std::vector<std::string> rtc_listen;  // IP or IP=ANNOUNCED; empty: every address there is
    base::Duration orphan_timeout = 5min;
    std::string worker_program;  // "": parley-worker beside the controller
    std::string run_directory;   // "": where the environment wants it; see default_run_directory()

    std::vector<std::string> turn_urls;  // none: no relays
    std::string turn_secret;
    base::Duration turn_ttl = 24h;

    bool create_on_join = true;
    uint32_t max_rooms = 10'000;
    uint32_t max_peers_per_room = 1'000;
    uint32_t room_max_peers = 0;
    base::Duration room_empty_timeout = 60s;
    base::Duration session_grace = 15s;
    base::Duration drain_time = 0s;  // of SIGTERM
    double worker_load_most = 85;    // per cent of a core

    std::vector<std::string> admin_keys;
    std::vector<TokenKeySource> token_keys;
    std::vector<WebhookTarget> webhooks;

    std::string broker;  // amqp:// or amqps://; "": stand-alone
    std::string broker_ca, broker_certificate, broker_key;
    std::string server_id;       // "": from the file
    std::string server_id_file;  // "": server-id in the run directory
    std::string region;
    std::string assignment = "router-service";

    std::string log_format = "text";
    std::string log_level = "info";

    bool operator==(const Config&) const = default;
};

}  // namespace parley::controller
