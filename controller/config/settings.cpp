#include "controller/config/settings.h"

#include <algorithm>
#include <array>
#include <optional>

#include "common/cluster/ids.h"
#include "controller/config/toml.h"
#include "controller/config/values.h"

namespace parley::controller {

namespace {

using Values = std::vector<std::string>;

// Takes over every value or none.
template <typename T, typename Parse>
bool read_list(const Values& values, std::vector<T>& into, Parse parse) {
    std::vector<T> list;
    for (const std::string& value : values) {
        std::optional<T> parsed = parse(value);
        if (!parsed) return false;
        list.push_back(std::move(*parsed));
    }
    into = std::move(list);
    return true;
}

template <typename T>
bool read_into(const auto& parsed, T& into) {
    if (parsed) into = static_cast<T>(*parsed);
    return parsed.has_value();
}

Values one(std::string text) {
    return {std::move(text)};
}
Values one(bool flag) {
    return {flag ? "true" : "false"};
}
Values one(uint32_t number) {
    return {std::to_string(number)};
}

std::optional<std::string> listen_ip(const std::string& text) {
    return is_ip(text) ? std::optional(text) : std::nullopt;
}

std::optional<std::string> rtc_listen(const std::string& text) {
    const size_t equals = text.find('=');
    if (!is_ip(text.substr(0, equals))) return std::nullopt;
    if (equals != text.npos && !is_ip(text.substr(equals + 1))) return std::nullopt;
    return text;
}

std::optional<std::string> turn_url(const std::string& text) {
    return is_turn_url(text) ? std::optional(text) : std::nullopt;
}

std::optional<std::string> admin_key(const std::string& text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > ' '; });
    return text.size() >= 16 && plain ? std::optional(text) : std::nullopt;
}

bool read_token_keys(const Values& values, Config& config) {
    std::vector<TokenKeySource> keys;
    if (!read_list(values, keys, [](const std::string& v) { return parse_token_key(v); })) {
        return false;
    }
    for (size_t i = 0; i < keys.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            if (keys[i].kid == keys[j].kid) return false;
        }
    }
    config.token_keys = std::move(keys);
    return true;
}

bool read_choice(const std::string& value, std::initializer_list<std::string_view> choices,
                 std::string& into) {
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) return false;
    into = value;
    return true;
}

const auto kSettings = std::to_array<Setting>({
    {.key = "http-listen",
     .value = "IP",
     .meaning = "Address of the page, the signalling and the admin API.",
     .allowed = "an IPv4 or IPv6 address",
     .list = true,
     .read = [](const Values& v,
                Config& c) { return read_list(v, c.http_listen, listen_ip) && !v.empty(); },
     .write = [](const Config& c) { return c.http_listen; }},
    {.key = "http-port",
     .value = "PORT",
     .meaning = "Its port; 0 takes any free one.",
     .allowed = "a number from 0 to 65535",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_number(v[0], 0, 65'535), c.http_port); },
     .write = [](const Config& c) { return one(uint32_t{c.http_port}); }},
    {.key = "public-url",
     .value = "URL",
     .meaning = "How clients reach this server, where a proxy stands before it; empty: as the "
                "request named it.",
     .allowed = "nothing, or an http:// or https:// URL",
     .read =
         [](const Values& v, Config& c) {
             c.public_url = v[0];
             while (c.public_url.ends_with('/')) c.public_url.pop_back();
             return v[0].empty() || is_http_url(v[0]);
         },
     .write = [](const Config& c) { return one(c.public_url); }},
    {.key = "web-root",
     .value = "DIRECTORY",
     .meaning = "The built voice room (web/dist); empty: no page is served.",
     .allowed = "a path",
     .read = [](const Values& v, Config& c) { return c.web_root = v[0], true; },
     .write = [](const Config& c) { return one(c.web_root); }},
    {.key = "tls-certificate",
     .value = "FILE",
     .meaning = "Certificate to serve https with, PEM, followed by those that vouch for it; empty: "
                "no https. Read again when it changes, and at SIGHUP.",
     .allowed = "a path",
     .read = [](const Values& v, Config& c) { return c.tls_certificate = v[0], true; },
     .write = [](const Config& c) { return one(c.tls_certificate); }},
    {.key = "tls-key",
     .value = "FILE",
     .meaning = "The key of that certificate, PEM, without a passphrase.",
     .allowed = "a path",
     .read = [](const Values& v, Config& c) { return c.tls_key = v[0], true; },
     .write = [](const Config& c) { return one(c.tls_key); }},
    {.key = "https-listen",
     .value = "IP",
     .meaning = "Address of the same over https, when there is a tls-certificate.",
     .allowed = "an IPv4 or IPv6 address",
     .list = true,
     .read = [](const Values& v,
                Config& c) { return read_list(v, c.https_listen, listen_ip) && !v.empty(); },
     .write = [](const Config& c) { return c.https_listen; }},
    {.key = "https-port",
     .value = "PORT",
     .meaning = "Its port; 0 takes any free one.",
     .allowed = "a number from 0 to 65535",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_number(v[0], 0, 65'535), c.https_port); },
     .write = [](const Config& c) { return one(uint32_t{c.https_port}); }},
    {.key = "workers",
     .value = "COUNT",
     .meaning = "Worker processes; 0: one per core.",
     .allowed = "a number from 0 to 256",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_number(v[0], 0, 256), c.workers); },
     .write = [](const Config& c) { return one(c.workers); }},
    {.key = "rtc-port",
     .value = "PORT",
     .meaning = "UDP and TCP port of worker 0; worker i has this plus i; 0 takes any free ones.",
     .allowed = "a number from 0 to 65279: 256 workers fit above it",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_number(v[0], 0, 65'279), c.rtc_port); },
     .write = [](const Config& c) { return one(uint32_t{c.rtc_port}); }},
    {.key = "rtc-tcp",
     .value = "true|false",
     .meaning = "Whether workers take media over TCP, too, for clients that UDP does not get "
                "through to.",
     .allowed = "true or false",
     .read = [](const Values& v, Config& c) { return read_into(parse_flag(v[0]), c.rtc_tcp); },
     .write = [](const Config& c) { return one(c.rtc_tcp); }},
    {.key = "rtc-listen",
     .value = "IP[=ANNOUNCED]",
     .meaning = "Address for media, and the one that clients are told when it differs; none: every "
                "address of the machine.",
     .allowed = "an IPv4 or IPv6 address, and after '=' the one that is announced",
     .list = true,
     .read = [](const Values& v, Config& c) { return read_list(v, c.rtc_listen, rtc_listen); },
     .write = [](const Config& c) { return c.rtc_listen; }},
    {.key = "orphan-timeout",
     .value = "DURATION",
     .meaning = "How long a worker goes on without a controller before it ends by itself.",
     .allowed = "1s to 24h",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_duration(v[0], 1s, 24h), c.orphan_timeout); },
     .write = [](const Config& c) { return one(duration_text(c.orphan_timeout)); }},
    {.key = "worker-program",
     .value = "PATH",
     .meaning = "The worker's executable; empty: the one that was built with this controller.",
     .allowed = "a path",
     .read = [](const Values& v, Config& c) { return c.worker_program = v[0], true; },
     .write = [](const Config& c) { return one(c.worker_program); }},
    {.key = "run-directory",
     .value = "DIRECTORY",
     .meaning = "For the sockets and the workers' logs; empty: $XDG_RUNTIME_DIR/parley, else "
                "/tmp/parley-UID.",
     .allowed = "a path of at most 80 characters: Unix sockets have short names",
     .read = [](const Values& v, Config& c) { return c.run_directory = v[0], v[0].size() <= 80; },
     .write = [](const Config& c) { return one(c.run_directory); }},
    {.key = "turn-url",
     .value = "URL",
     .meaning = "TURN server that clients are told of with each transport, "
                "turn:HOST:PORT?transport=udp or turns:HOST:PORT?transport=tcp.",
     .allowed = "a turn: or turns: URL (RFC 7065)",
     .list = true,
     .read = [](const Values& v, Config& c) { return read_list(v, c.turn_urls, turn_url); },
     .write = [](const Config& c) { return c.turn_urls; }},
    {.key = "turn-secret",
     .value = "SECRET",
     .meaning = "What it has as static-auth-secret: signs the credentials that clients are given.",
     .allowed = "nothing, or 16 characters or more",
     .secret = true,
     .read = [](const Values& v,
                Config& c) { return c.turn_secret = v[0], v[0].empty() || v[0].size() >= 16; },
     .write = [](const Config& c) { return one(c.turn_secret); }},
    {.key = "turn-ttl",
     .value = "DURATION",
     .meaning = "How long these credentials let a client begin to use it.",
     .allowed = "1min to 168h",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_duration(v[0], 1min, 168h), c.turn_ttl); },
     .write = [](const Config& c) { return one(duration_text(c.turn_ttl)); }},
    {.key = "create-on-join",
     .value = "true|false",
     .meaning = "Whether joining a room that does not exist makes it.",
     .allowed = "true or false",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_flag(v[0]), c.create_on_join); },
     .write = [](const Config& c) { return one(c.create_on_join); }},
    {.key = "max-rooms",
     .value = "COUNT",
     .meaning = "Rooms at once.",
     .allowed = "a number from 1 to 100000",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_number(v[0], 1, 100'000), c.max_rooms); },
     .write = [](const Config& c) { return one(c.max_rooms); }},
    {.key = "max-peers-per-room",
     .value = "COUNT",
     .meaning = "No room takes more, whatever its own maxPeers says.",
     .allowed = "a number from 1 to 10000",
     .read =
         [](const Values& v, Config& c) {
             return read_into(parse_number(v[0], 1, 10'000), c.max_peers_per_room);
         },
     .write = [](const Config& c) { return one(c.max_peers_per_room); }},
    {.key = "room-max-peers",
     .value = "COUNT",
     .meaning = "maxPeers of a room that was made without one; 0: max-peers-per-room.",
     .allowed = "a number from 0 to 10000",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_number(v[0], 0, 10'000), c.room_max_peers); },
     .write = [](const Config& c) { return one(c.room_max_peers); }},
    {.key = "room-empty-timeout",
     .value = "DURATION",
     .meaning = "emptyTimeout of a room that was made without one: an empty room is closed after "
                "this; 0: never.",
     .allowed = "0 to 168h",
     .read =
         [](const Values& v, Config& c) {
             return read_into(parse_duration(v[0], 0s, 168h), c.room_empty_timeout);
         },
     .write = [](const Config& c) { return one(duration_text(c.room_empty_timeout)); }},
    {.key = "session-grace",
     .value = "DURATION",
     .meaning = "How long a peer whose signalling dropped keeps its place and its media.",
     .allowed = "1s to 10min",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_duration(v[0], 1s, 10min), c.session_grace); },
     .write = [](const Config& c) { return one(duration_text(c.session_grace)); }},
    {.key = "drain-time",
     .value = "DURATION",
     .meaning = "How long this server drains when it is told to end by SIGTERM: no new rooms, and "
                "those that are here move or end. A second signal ends it at once.",
     .allowed = "0 to 168h",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_duration(v[0], 0s, 168h), c.drain_time); },
     .write = [](const Config& c) { return one(duration_text(c.drain_time)); }},
    {.key = "worker-load-most",
     .value = "PERCENT",
     .meaning = "How busy a worker may be, of its core: who would need more is refused, so that "
                "those who are in hear no difference.",
     .allowed = "a number from 0.1 to 100",
     .read = [](const Values& v,
                Config& c) { return read_into(parse_decimal(v[0], 0.1, 100), c.worker_load_most); },
     .write = [](const Config& c) { return one(decimal_text(c.worker_load_most)); }},
    {.key = "admin-key",
     .value = "KEY",
     .meaning = "Bearer key of /v1 and /metrics. Without any they answer this machine only.",
     .allowed = "16 characters or more, without spaces",
     .list = true,
     .secret = true,
     .read = [](const Values& v, Config& c) { return read_list(v, c.admin_keys, admin_key); },
     .write = [](const Config& c) { return c.admin_keys; }},
    {.key = "token-key",
     .value = "KID:ALGORITHM:KEY",
     .meaning = "Key that peer tokens are checked with: KID:HS256:SECRET, KID:ES256:FILE or "
                "KID:RS256:FILE, the file being a public key in PEM. The first HS256 key signs. "
                "Without any, peers need no token.",
     .allowed = "KID:HS256:SECRET of 32 characters or more, KID:ES256:FILE or KID:RS256:FILE, "
                "each kid once",
     .list = true,
     .secret = true,
     .read = read_token_keys,
     .write =
         [](const Config& c) {
             Values texts;
             for (const TokenKeySource& key : c.token_keys) texts.push_back(token_key_text(key));
             return texts;
         }},
    {.key = "webhook",
     .value = "'URL SECRET'",
     .meaning = "Where events are posted, and what signs them.",
     .allowed = "an http:// or https:// URL, a space and a secret of 16 characters or more",
     .list = true,
     .secret = true,
     .read = [](const Values& v, Config& c) { return read_list(v, c.webhooks, parse_webhook); },
     .write =
         [](const Config& c) {
             Values texts;
             for (const WebhookTarget& hook : c.webhooks) {
                 texts.push_back(hook.url + " " + hook.secret);
             }
             return texts;
         }},
    {.key = "broker",
     .value = "URL",
     .meaning = "RabbitMQ, amqp://USER:PASSWORD@HOST:PORT/VHOST or amqps://, whose host is then a "
                "name; empty: this server is alone.",
     .allowed = "nothing, or an amqp:// or amqps:// URL",
     .secret = true,
     .read =
         [](const Values& v, Config& c) {
             c.broker = v[0];
             return v[0].empty() || v[0].starts_with("amqp://") || v[0].starts_with("amqps://");
         },
     .write = [](const Config& c) { return one(c.broker); }},
    {.key = "broker-ca",
     .value = "FILE",
     .meaning = "Whom to believe that they are the broker, PEM; empty: whom the system believes.",
     .allowed = "a path",
     .read = [](const Values& v, Config& c) { return c.broker_ca = v[0], true; },
     .write = [](const Config& c) { return one(c.broker_ca); }},
    {.key = "broker-certificate",
     .value = "FILE",
     .meaning = "Who we are to the broker, PEM; empty: nobody.",
     .allowed = "a path",
     .read = [](const Values& v, Config& c) { return c.broker_certificate = v[0], true; },
     .write = [](const Config& c) { return one(c.broker_certificate); }},
    {.key = "broker-key",
     .value = "FILE",
     .meaning = "The key of that certificate, PEM.",
     .allowed = "a path",
     .read = [](const Values& v, Config& c) { return c.broker_key = v[0], true; },
     .write = [](const Config& c) { return one(c.broker_key); }},
    {.key = "server-id",
     .value = "ID",
     .meaning = "Who this server is among the others; empty: what server-id-file says.",
     .allowed = "nothing, or 1 to 64 characters of A-Z a-z 0-9 _ . : -",
     .read = [](const Values& v,
                Config& c) { return c.server_id = v[0], v[0].empty() || cluster::is_id(v[0]); },
     .write = [](const Config& c) { return one(c.server_id); }},
    {.key = "server-id-file",
     .value = "FILE",
     .meaning =
         "Keeps the id that is made up at the first start; empty: server-id in the run-directory.",
     .allowed = "a path",
     .read = [](const Values& v, Config& c) { return c.server_id_file = v[0], true; },
     .write = [](const Config& c) { return one(c.server_id_file); }},
    {.key = "region",
     .value = "ID",
     .meaning = "Where this server is: rooms may ask for it.",
     .allowed = "nothing, or 1 to 64 characters of A-Z a-z 0-9 _ . : -",
     .read = [](const Values& v,
                Config& c) { return c.region = v[0], v[0].empty() || cluster::is_id(v[0]); },
     .write = [](const Config& c) { return one(c.region); }},
    {.key = "assignment",
     .value = "router-service|shared-queue",
     .meaning = "Who gives rooms a home: a router-service, or the servers themselves in turn. The "
                "same on all servers of a broker.",
     .allowed = "router-service or shared-queue",
     .read =
         [](const Values& v, Config& c) {
             return read_choice(v[0], {"router-service", "shared-queue"}, c.assignment);
         },
     .write = [](const Config& c) { return one(c.assignment); }},
    {.key = "log-format",
     .value = "text|json",
     .meaning = "Lines for people or for machines, on standard error.",
     .allowed = "text or json",
     .read =
         [](const Values& v, Config& c) {
             return read_choice(v[0], {"text", "json"}, c.log_format);
         },
     .write = [](const Config& c) { return one(c.log_format); }},
    {.key = "log-level",
     .value = "LEVEL",
     .meaning = "The least that is said: debug, info, warning or error.",
     .allowed = "debug, info, warning or error",
     .read =
         [](const Values& v, Config& c) {
             return read_choice(v[0], {"debug", "info", "warning", "error"}, c.log_level);
         },
     .write = [](const Config& c) { return one(c.log_level); }},
});

// A number and a boolean stand bare in the file, all else is quoted.
std::string file_value(const std::string& text) {
    const bool bare = parse_flag(text) || parse_number(text, 0, UINT64_MAX);
    return bare ? text : toml_string(text);
}

std::string file_values(const Setting& setting, const Config& config) {
    const Values values = setting.write(config);
    if (!setting.list) return file_value(values[0]);
    std::string text = "[";
    for (const std::string& value : values) {
        if (text.size() > 1) text += ", ";
        text += toml_string(value);
    }
    return text + "]";
}

}  // namespace

std::span<const Setting> settings() {
    return kSettings;
}

std::string environment_name(std::string_view key) {
    std::string name = "PARLEY_";
    for (const char c : key) {
        name.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(c)));
    }
    return name;
}

std::string print_config(const Config& config) {
    std::string text;
    for (const Setting& setting : settings()) {
        text += "# " + std::string(setting.meaning) + "\n" + std::string(setting.key) + " = " +
                file_values(setting, config) + "\n\n";
    }
    text.pop_back();
    return text;
}

std::string settings_table() {
    std::string table = "| key | environment | default | meaning |\n|---|---|---|---|\n";
    for (const Setting& setting : settings()) {
        std::string value;
        for (const char c : setting.value) value += c == '|' ? "\\|" : std::string(1, c);
        table += "| `" + std::string(setting.key) + " " + value + "` | `" +
                 environment_name(setting.key) + "` | `" + file_values(setting, Config{}) + "` | " +
                 std::string(setting.meaning) +
                 (setting.list ? " May be given several times, each " : " Takes ") +
                 std::string(setting.allowed) + ". |\n";
    }
    return table;
}

}  // namespace parley::controller
