#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/web/trusted_proxies.h"
#include "router-service/core.h"
#include "router-service/scale.h"
#include "router-service/surplus.h"

namespace parley::router_service {

// Everything that can be set, with what holds when nothing is.
struct Config {
    std::string broker_url = "amqp://guest:guest@127.0.0.1:5672/";
    std::string broker_ca, broker_certificate, broker_key;  // files, PEM
    std::vector<std::string> http_listen = {"0.0.0.0"};
    uint16_t http_port = 4500;  // 0: any free one
    std::string tls_certificate, tls_key;              // files, PEM; both or neither
    std::vector<std::string> https_listen = {"0.0.0.0"};
    uint16_t https_port = 4543;  // 0: any free one
    std::vector<std::string> admin_keys;
    std::string dashboard_root;     // the built page; "": none is served
    std::string proxy_user_header;  // in which a proxy says who asks; "": in none
    web::TrustedProxies trusted_proxies;
    Options options;
    ScaleRules scale;
    SurplusRules surplus;
    std::string kubernetes_namespace;  // "": the servers are no pods
    std::string kubernetes_api = "https://kubernetes.default.svc";
    std::string kubernetes_account = "/var/run/secrets/kubernetes.io/serviceaccount";
    std::string log_format = "text";
    std::string log_level = "info";
};

// Print this on standard output and exit well: --help.
struct Say {
    std::string text;
};

// Reads flags, and for those that are not given the environment: --http-port is PARLEY_HTTP_PORT,
// lists are separated by commas there. The error says what is wrong with which.
base::Result<std::variant<Config, Say>, std::string> read_config(
    std::vector<std::string> arguments);

}  // namespace parley::router_service
