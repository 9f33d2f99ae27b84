// A router-service: reads its flags, connects to the broker, serves HTTP, and carries what the core
// says to both.

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>
#include <variant>

#include "common/cluster/names.h"
#include "common/cluster/topology.h"
#include "common/shell/amqp.h"
#include "common/shell/files.h"
#include "common/shell/http_client.h"
#include "common/shell/log.h"
#include "common/shell/loop.h"
#include "common/shell/program_numbers.h"
#include "common/shell/random.h"
#include "common/shell/signals.h"
#include "common/shell/static_files.h"
#include "common/shell/tls_watch.h"
#include "common/shell/web_api.h"
#include "common/shell/web_context.h"
#include "common/shell/web_server.h"
#include "router-service/api.h"
#include "router-service/config.h"
#include "router-service/core.h"
#include "router-service/dashboard.h"
#include "router-service/deletion_cost.h"
#include "worker/net/address.h"

namespace parley {
namespace {

using namespace router_service;

constexpr const char* kBeats = "beats";
constexpr const char* kHappenings = "happenings";
// Enough for a burst; what one replica can not hold waits in the broker.
constexpr uint16_t kPrefetch = 2'000;
constexpr Duration kSampleInterval = 1s;
constexpr Duration kWishLife = 3s;  // of a drain: later it is decided anew
constexpr size_t kPatches = 20;     // requests to Kubernetes at once
constexpr size_t kTokenBytes = 64 * 1024;

shell::LogLevel level_of(const std::string& name) {
    if (name == "debug") return shell::LogLevel::Debug;
    if (name == "warning") return shell::LogLevel::Warning;
    return name == "error" ? shell::LogLevel::Error : shell::LogLevel::Info;
}

class Service {
public:
    Service(shell::Loop& loop, shell::Logger& logger, Config config)
        : loop_(loop),
          logger_(logger),
          config_(std::move(config)),
          started_(loop.now()),
          core_(config_.options, random_),
          scale_(config_.scale),
          surplus_(config_.surplus),
          kubernetes_(loop, config_.kubernetes_account + "/ca.crt"),
          api_(config_.admin_keys, config_.trusted_proxies),
          dashboard_(random_.u32()),
          page_(config_.dashboard_root),
          deadline_(loop, [this](base::Instant now) { on_deadline(now); }),
          turn_end_(loop, [this] { end_turn(); }),
          signals_(loop, std::array{SIGINT, SIGTERM, SIGHUP},
                   [this](int number) { on_signal(number); }) {}

    base::Result<base::Unit, std::string> open() {
        auto context = shell::WebContext::create(loop_);
        if (!context) return base::Err{context.error()};
        web_context_ = std::move(*context);
        if (const auto listening = listen(); !listening) return listening;
        return connect();
    }

private:
    base::Result<base::Unit, std::string> listen() {
        shell::WebServer::Options options;
        options.user_header = config_.proxy_user_header;
        if (!add(config_.http_listen, config_.http_port, options.listen)) {
            return base::Err{std::string("http-listen takes IP addresses")};
        }
        if (!config_.tls_certificate.empty()) {
            if (!add(config_.https_listen, config_.https_port, options.listen_tls)) {
                return base::Err{std::string("https-listen takes IP addresses")};
            }
            auto opened = shell::TlsWatch::open(loop_, {config_.tls_certificate, config_.tls_key},
                                                tls_events());
            if (!opened) return base::Err{"tls: " + opened.error()};
            options.identity = std::move(opened->identity);
            tls_watch_ = std::move(opened->watch);
        }
        const size_t plain = options.listen.size(), all = plain + options.listen_tls.size();
        auto web = shell::WebServer::start(*web_context_, std::move(options), web_events());
        if (!web) return base::Err{web.error()};
        web_ = std::move(*web);
        for (size_t at = 0; at < all; ++at) {
            const std::string scheme = at < plain ? "http://" : "https://";
            log({Level::Info, "listens on " + scheme + net::to_text(web_->address(at)) + "/"});
        }
        return base::Unit{};
    }

    static bool add(const std::vector<std::string>& ips, uint16_t port,
                    std::vector<net::Address>& addresses) {
        for (const std::string& ip : ips) {
            const auto address = net::parse_ip(ip, port);
            if (!address) return false;
            addresses.push_back(*address);
        }
        return true;
    }

    shell::TlsWatch::Events tls_events() {
        return {.on_renewed =
                    [this](const shell::TlsIdentity& renewed) {
                        web_->show(renewed);
                        log({Level::Info, "tls: shows " + renewed.text() + " from now on"});
                    },
                .on_refused =
                    [this](const std::string& why) {
                        log({Level::Error, "tls: " + why + "; the old certificate is shown"});
                    }};
    }

    void on_signal(int number) {
        if (number != SIGHUP) return stop();
        if (tls_watch_) tls_watch_->reload();
    }

    base::Result<base::Unit, std::string> connect() {
        cluster::Topology topology = cluster::common_topology(cluster::Assignment::RouterService);
        cluster::add_listener(topology, kBeats, cluster::kLoad, {cluster::load_key("#")});
        cluster::add_listener(topology, kHappenings, cluster::kEvents, {"server.#", "room.moved"});
        auto amqp = shell::AmqpClient::start(
            loop_,
            {.url = config_.broker_url,
             .ca_file = config_.broker_ca,
             .certificate_file = config_.broker_certificate,
             .key_file = config_.broker_key,
             .name = "parley-router-service",
             .topology = std::move(topology),
             .window = 4'096,
             .heartbeat = 2s},
            {.on_up =
                 [this] { turn([&](Instant now, Outputs& out) { core_.on_connected(now, out); }); },
             .on_down = [this](const std::string& reason) { on_down(reason); },
             .on_delivery = [this](cluster::Delivery&& delivery) { on_delivery(delivery); },
             .on_confirmed =
                 [this](uint64_t id) {
                     turn([&](Instant now, Outputs& out) { core_.on_confirmed(now, id, out); });
                 },
             .on_returned = [](uint64_t) {}});
        if (!amqp) return base::Err{"broker: " + amqp.error()};
        amqp_ = std::move(*amqp);
        // Commands last: whoever hears them is active, and wants beats and answers.
        amqp_->consume(kBeats, 0);
        amqp_->consume(kHappenings, 0);
        amqp_->consume(std::string(cluster::kReplyTo), 0);
        amqp_->consume(std::string(cluster::kRooms), kPrefetch);
        return base::Unit{};
    }

    shell::WebServer::Events web_events() {
        return {
            .on_http =
                [this](uint64_t id, shell::HttpRequest&& request) {
                    if (is_page(request.path)) {
                        web_->respond(id, page(request));
                        return;
                    }
                    on_http(id, shell::web_request(std::move(request)));
                },
            .on_connect = [](uint64_t, const shell::ConnectRequest&) -> uint16_t { return 404; },
            .on_message = [](uint64_t, std::string_view) {},
            .on_disconnect = [](uint64_t) {}};
    }

    void on_http(uint64_t id, const web::Request& request) {
        api_.on_surroundings({.version = PARLEY_VERSION,
                              .process = shell::process_numbers(started_),
                              .broker = shell::broker_numbers(*amqp_)});
        Api::Outcome outcome =
            api_.on_request(loop_.now(), id, request, core_, scale_.signal(), dashboard_);
        if (outcome.response) web_->respond(id, shell::http_response(std::move(*outcome.response)));
        if (outcome.command) amqp_->publish(std::move(*outcome.command));
        for (cluster::Publish& question : outcome.questions) amqp_->publish(std::move(question));
    }

    // The page itself is no secret: what it shows it asks the API for.
    bool is_page(std::string_view path) const {
        const bool is_api = path.starts_with("/v1/") || path == "/metrics" || path == "/healthz" ||
                            path == "/readyz";
        return !config_.dashboard_root.empty() && !is_api;
    }

    // Nobody else's page may frame it, and it loads and runs nothing that is not its own.
    shell::HttpResponse page(const shell::HttpRequest& request) const {
        shell::HttpResponse response = page_.answer(request);
        response.headers.emplace_back(
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        response.headers.emplace_back("referrer-policy", "no-referrer");
        return response;
    }

    void on_delivery(const cluster::Delivery& delivery) {
        if (delivery.queue == kHappenings) {
            dashboard_.on_event(loop_.now(), delivery.body);
            if (delivery.tag != 0) amqp_->acknowledge({delivery.tag});
            return;
        }
        std::optional<Api::Answered> answered;
        if (api_.on_delivery(delivery, answered)) {
            if (answered) respond({std::move(*answered)});
            return;
        }
        turn([&](Instant now, Outputs& out) { core_.on_delivery(now, delivery, out); });
    }

    void on_down(const std::string& reason) {
        log({Level::Warning, "broker: " + reason});
        turn([&](Instant now, Outputs& out) { core_.on_disconnected(now, out); });
        respond(api_.on_disconnected());
    }

    void on_deadline(Instant now) {
        turn([&](Instant at, Outputs& out) { core_.on_deadline(at, out); });
        respond(api_.on_deadline(now));
        if (now < sample_at_) return;
        sample_at_ = now + kSampleInterval;
        // Servers that are only now heard of are no growth.
        if (core_.is_whole()) scale_.on_sample(now, sample_of(core_.picture()));
        dashboard_.on_sample(now, core_, scale_.signal());
        if (core_.is_active() && core_.is_whole()) mind_surplus(now);
    }

    // Only the active one: two would drain two servers for one that is too many.
    void mind_surplus(Instant now) {
        for (const auto& wish : surplus_.on_sample(now, scale_.signal(), core_.picture())) {
            log({Level::Info,
                 wish.drain ? "one too many: drain" : "needed again: undrain",
                 {},
                 wish.server});
            const cluster::Command command =
                wish.drain
                    ? cluster::Command(cluster::ServerDrain{wish.server, surplus_.rules().deadline})
                    : cluster::Command(cluster::ServerUndrain{wish.server});
            turn([&](Instant, Outputs& out) {
                core_.tell_server(wish.server, command, out, kWishLife);
            });
        }
        if (config_.kubernetes_namespace.empty()) return;
        const size_t most = kPatches - std::min(kPatches, kubernetes_.pending());
        for (const auto& change : costs_.on_sample(now, core_.picture(), most)) patch(change);
    }

    void patch(const DeletionCosts::Change& change) {
        const CostPatch patch = cost_patch(config_.kubernetes_namespace, change);
        // It changes about every hour.
        const auto token = shell::read_file(config_.kubernetes_account + "/token", kTokenBytes);
        shell::HttpPost post{.url = config_.kubernetes_api + patch.path,
                             .headers = {{"Content-Type", "application/merge-patch+json"}},
                             .body = patch.body,
                             .method = "PATCH"};
        if (token) post.headers.push_back({"Authorization", "Bearer " + *token});
        kubernetes_.post(std::move(post), [this, change](const shell::HttpOutcome& outcome) {
            const bool taken = outcome.status >= 200 && outcome.status < 300;
            costs_.on_told(loop_.now(), change.server, change.cost, taken);
            // The first of a row of failures says it all. A pod that is gone is none.
            const bool failed = !taken && outcome.status != 404;
            if (failed && !std::exchange(kubernetes_fails_, true)) {
                log({Level::Warning, "pod-deletion-cost: the API of Kubernetes answers " +
                                         std::to_string(outcome.status) + " " + outcome.error});
            }
            if (taken) kubernetes_fails_ = false;
        });
    }

    template <typename Call>
    void turn(Call call) {
        Outputs out;
        call(loop_.now(), out);
        for (Output& output : out) deliver(std::move(output));
    }

    void deliver(Output&& output) {
        if (auto* publish = std::get_if<cluster::Publish>(&output)) {
            amqp_->publish(std::move(*publish));
        } else if (const auto* done = std::get_if<cluster::Acknowledge>(&output)) {
            amqp_->acknowledge(*done);
        } else if (auto* dead = std::get_if<cluster::Reject>(&output)) {
            log({Level::Warning, "unreadable command: " + dead->reason});
            amqp_->reject(std::move(*dead));
        } else {
            log(std::get<Log>(output));
            dashboard_.on_log(loop_.now(), std::get<Log>(output));
        }
    }

    void respond(std::vector<Api::Answered> answers) {
        for (Api::Answered& one : answers) {
            web_->respond(one.request, shell::http_response(std::move(one.response)));
        }
    }

    void log(const Log& line) {
        std::vector<shell::LogField> fields;
        if (!line.room.empty()) fields.emplace_back("room", line.room);
        if (!line.server.empty()) fields.emplace_back("server", line.server);
        if (!line.trace.empty()) fields.emplace_back("trace", line.trace);
        logger_.write(static_cast<shell::LogLevel>(line.level), line.text, fields);
    }

    // What was not answered is delivered to the other one.
    void stop() {
        log({Level::Info, "stops"});
        api_.on_stop();
        loop_.stop();
    }

    void end_turn() {
        deadline_.set(std::min({core_.next_deadline(), api_.next_deadline(), sample_at_}));
    }

    shell::Loop& loop_;
    shell::Logger& logger_;
    Config config_;
    Instant started_;
    shell::SystemRandom random_;
    RouterService core_;
    Scale scale_;
    Surplus surplus_;
    DeletionCosts costs_;
    shell::HttpClient kubernetes_;
    bool kubernetes_fails_ = false;
    Api api_;
    Dashboard dashboard_;
    shell::StaticFiles page_;
    Instant sample_at_;
    std::unique_ptr<shell::WebContext> web_context_;
    std::unique_ptr<shell::WebServer> web_;
    std::unique_ptr<shell::TlsWatch> tls_watch_;  // with a certificate
    std::unique_ptr<shell::AmqpClient> amqp_;
    shell::Timer deadline_;
    shell::TurnEnd turn_end_;
    shell::Signals signals_;
};

int run(std::vector<std::string> arguments) {
    auto read = read_config(std::move(arguments));
    if (!read) {
        std::fprintf(stderr, "parley-router-service: %s\n", read.error().c_str());
        return 2;
    }
    if (const auto* say = std::get_if<Say>(&*read)) {
        std::fputs(say->text.c_str(), stdout);
        return 0;
    }
    auto& config = std::get<Config>(*read);
    shell::Logger logger(
        config.log_format == "json" ? shell::LogFormat::Json : shell::LogFormat::Text,
        level_of(config.log_level));
    shell::Loop loop;
    Service service(loop, logger, std::move(config));
    if (const auto opened = service.open(); !opened) {
        logger.write(shell::LogLevel::Error, opened.error());
        return 1;
    }
    loop.run();
    return 0;
}

}  // namespace
}  // namespace parley

int main(int argc, char** argv) {
    return parley::run({argv + 1, argv + argc});
}
