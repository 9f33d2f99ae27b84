#include "router-service/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <limits>

namespace parley::router_service {

namespace {

// Seconds on the command line, a Duration in the configuration.
struct Seconds {
    double value;
    Duration* into;
};

std::string environment_name(std::string key) {
    for (char& c : key) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
    return "PARLEY_" + key;
}

class CommandLine {
public:
    explicit CommandLine(Config& config) : config_(config) {
        add("broker", config.broker_url, "amqp:// or amqps://USER:PASSWORD@HOST:PORT/VHOST");
        add("broker-ca", config.broker_ca, "amqps: file of whom to believe; else the system's");
        add("broker-certificate", config.broker_certificate, "amqps: file of who we are");
        add("broker-key", config.broker_key, "amqps: file of the certificate's key");
        list("http-listen", config.http_listen, "IP addresses to serve HTTP on")
            ->check(CLI::ValidIPV4 | CLI::Validator(is_ipv6, "IPv6"));
        add("http-port", config.http_port, "Port to serve HTTP on; 0: any free one");
        add("tls-certificate", config.tls_certificate,
            "File of the certificate to serve https with, PEM; read again when it changes");
        add("tls-key", config.tls_key, "File of its key, PEM, without a passphrase");
        list("https-listen", config.https_listen, "IP addresses to serve https on")
            ->check(CLI::ValidIPV4 | CLI::Validator(is_ipv6, "IPv6"));
        add("https-port", config.https_port, "Port to serve https on; 0: any free one");
        list("admin-key", config.admin_keys,
             "Who shows it as a bearer token may administer; without one only this machine may")
            ->check(CLI::Validator(admin_key, "16 characters or more"));
        add("dashboard-root", config.dashboard_root,
            "The built dashboard (web/dist-dashboard); empty: no page is served");
        add("proxy-user-header", config.proxy_user_header,
            "Header in which a trusted proxy says who asks, who may administer then")
            ->check(CLI::Validator(header_name, "a header's name"));
        list("trusted-proxy", trusted_proxies_, "Addresses or networks of those proxies");
        add("placement", placement_, "spread or pack")->check(CLI::IsMember({"spread", "pack"}));
        add("pack-bound", config.options.placement.pack_bound,
            "Share of a server's capacity that packing stays under")
            ->check(CLI::Range(0.05, 1.0));
        seconds("server-lost", config.options.patience.lost,
                "Silence after which a server's rooms get another home", 2, 600);
        add("scale-target", config.scale.target, "Share of the capacity that is to be used")
            ->check(CLI::Range(0.05, 1.0));
        seconds("scale-warm-up", config.scale.warm_up,
                "From the wish for a server to its first room", 0, 3600);
        seconds("scale-hold", config.scale.hold,
                "For so long fewer servers must be enough before fewer are wanted", 0, 86'400);
        add("servers-least", config.scale.least, "Servers that are always wanted");
        add("servers-most", config.scale.most, "Servers that are wanted at most; 0: no limit");
        add("drain-surplus", config.surplus.drains,
            "true: drain the servers that are too many, the emptiest first, and take it back when "
            "they are needed");
        seconds("drain-surplus-deadline", config.surplus.deadline,
                "For the rooms of such a server to end by themselves, before they move", 0, 86'400);
        add("kubernetes-namespace", config.kubernetes_namespace,
            "Where the servers are pods, by the names of their ids: their pod-deletion-cost is "
            "kept up to date, so that the emptiest goes first");
        add("kubernetes-api", config.kubernetes_api, "Address of the API of Kubernetes");
        add("kubernetes-account", config.kubernetes_account,
            "Directory with token and ca.crt of the service account");
        add("log-format", config.log_format, "text or json")
            ->check(CLI::IsMember({"text", "json"}));
        add("log-level", config.log_level, "debug, info, warning or error")
            ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
        app_.footer("Each flag may be a variable of the environment instead: PARLEY_HTTP_PORT.");
    }

    base::Result<std::variant<Config, Say>, std::string> read(std::vector<std::string> arguments) {
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
        try {
            app_.parse(std::move(arguments));
        } catch (const CLI::CallForHelp&) {
            return std::variant<Config, Say>(Say{app_.help()});
        } catch (const CLI::ParseError& error) {
            return base::Err{std::string(error.what())};
        }
        for (const std::string& text : trusted_proxies_) {
            if (config_.trusted_proxies.add(text)) continue;
            return base::Err{"trusted-proxy " + text + " is no address and no network"};
        }
        if (config_.tls_certificate.empty() != config_.tls_key.empty()) {
            return base::Err{std::string("tls-certificate and tls-key go together")};
        }
        if (config_.trusted_proxies.empty() != config_.proxy_user_header.empty()) {
            return base::Err{std::string("proxy-user-header and trusted-proxy go together")};
        }
        config_.options.placement.policy = placement_ == "pack" ? Policy::Pack : Policy::Spread;
        for (const auto& one : seconds_) {
            *one->into = Duration(static_cast<int64_t>(one->value * 1e6));
        }
        // Half of the patience without a beat, and no more rooms go there.
        config_.options.patience.stale = config_.options.patience.lost / 2;
        return std::variant<Config, Say>(std::move(config_));
    }

private:
    template <typename T>
    CLI::Option* add(const std::string& key, T& into, const std::string& meaning) {
        return app_.add_option("--" + key, into, meaning)
            ->envname(environment_name(key))
            ->capture_default_str();
    }
    CLI::Option* list(const std::string& key, std::vector<std::string>& into,
                      const std::string& meaning) {
        return add(key, into, meaning)->delimiter(',')->allow_extra_args(false);
    }
    void seconds(const std::string& key, Duration& into, const std::string& meaning, double least,
                 double most) {
        const double now = static_cast<double>(into.count()) / 1e6;
        seconds_.push_back(std::make_unique<Seconds>(Seconds{now, &into}));
        add(key, seconds_.back()->value, meaning + ", in seconds")->check(CLI::Range(least, most));
    }

    static std::string is_ipv6(const std::string& text) {
        const bool right = text.find(':') != text.npos &&
                           text.find_first_not_of("0123456789abcdefABCDEF:.") == text.npos;
        return right ? "" : "not an IP address";
    }
    static std::string admin_key(const std::string& text) {
        const bool plain = std::ranges::all_of(text, [](char c) { return c > ' '; });
        return text.size() >= 16 && plain ? "" : "a key has 16 characters or more, no spaces";
    }

    static std::string header_name(const std::string& text) {
        const bool plain = std::ranges::all_of(
            text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
        return plain ? "" : "a header's name has letters, digits and dashes";
    }

    Config& config_;
    std::vector<std::string> trusted_proxies_;
    std::string placement_ = "spread";
    std::vector<std::unique_ptr<Seconds>> seconds_;
    CLI::App app_{"Parley, a voice server: gives rooms a home among the servers of a cluster.",
                  "parley-router-service"};
};

}  // namespace

base::Result<std::variant<Config, Say>, std::string> read_config(
    std::vector<std::string> arguments) {
    Config config;
    return CommandLine(config).read(std::move(arguments));
}

}  // namespace parley::router_service
