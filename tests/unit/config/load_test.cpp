#include "controller/config/load.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "controller/config/settings.h"
#include "controller/config/values.h"

using namespace parley;
using namespace parley::controller;

namespace {

Config config_of(const Sources& sources) {
    const auto loaded = load_config(sources);
    REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().front()));
    REQUIRE(std::holds_alternative<Loaded>(*loaded));
    return std::get<Loaded>(*loaded).config;
}

// The one mistake that the sources hold.
std::string mistake_of(const Sources& sources) {
    const auto loaded = load_config(sources);
    REQUIRE(!loaded.ok());
    REQUIRE(loaded.error().size() == 1);
    return loaded.error().front();
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

// A configuration in which no key has its default.
Config unlike_default() {
    Config config;
    config.http_listen = {"127.0.0.1", "::1"};
    config.http_port = 0;
    config.public_url = "https://voice.example";
    config.web_root = "/srv/it's \"parley\"";
    config.tls_certificate = "/etc/parley/certificate.pem";
    config.tls_key = "/etc/parley/key.pem";
    config.https_listen = {"::1"};
    config.https_port = 443;
    config.workers = 3;
    config.rtc_port = 5'000;
    config.rtc_listen = {"10.0.0.1=203.0.113.1", "::1"};
    config.orphan_timeout = 90s;
    config.worker_program = "true";
    config.run_directory = "/run/80";
    config.turn_urls = {"turn:turn.example:3478?transport=udp", "turns:[2001:db8::1]:443"};
    config.turn_secret = "0123456789abcdef";
    config.turn_ttl = 90min;
    config.create_on_join = false;
    config.max_rooms = 1;
    config.max_peers_per_room = 2;
    config.room_max_peers = 2;
    config.room_empty_timeout = 0s;
    config.session_grace = 1500ms;
    config.worker_load_most = 70.5;
    config.admin_keys = {"aaaaaaaaaaaaaaaa", "b,b,b,b,b,b,b,b,b"};
    config.token_keys = {{"2026", TokenAlgorithm::Hs256, "0123456789:0123456789:0123456789"},
                         {"es", TokenAlgorithm::Es256, "/etc/es.pem"},
                         {"rs", TokenAlgorithm::Rs256, "rs.pem"}};
    config.webhooks = {{"https://app.example/hooks?x=1", "0123456789abcdef"}};
    config.log_format = "json";
    config.log_level = "debug";
    return config;
}

}  // namespace

TEST_CASE("flags win over the environment, and the environment over the file") {
    Sources sources{.file_text = "http-port = 1\nworkers = 1\nrtc-port = 1\n"};
    sources.environment = {{"PARLEY_CONFIG", "a.toml"},
                           {"PARLEY_WORKERS", "2"},
                           {"PARLEY_RTC_PORT", "2"},
                           {"HOME", "/root"}};
    sources.arguments = {"--rtc-port", "3"};
    const Config config = config_of(sources);
    CHECK(config.http_port == 1);
    CHECK(config.workers == 2);
    CHECK(config.rtc_port == 3);
    CHECK(config.max_rooms == Config{}.max_rooms);
}

TEST_CASE("a stronger list replaces a weaker one whole") {
    Sources sources{.file_text = "http-listen = ['10.0.0.1', '10.0.0.2']"};
    CHECK(config_of(sources).http_listen == std::vector<std::string>{"10.0.0.1", "10.0.0.2"});
    sources.environment = {{"PARLEY_HTTP_LISTEN", "::1,127.0.0.1"}};
    CHECK(config_of(sources).http_listen == std::vector<std::string>{"::1", "127.0.0.1"});
    sources.arguments = {"--http-listen", "10.0.0.3", "--http-listen=10.0.0.4"};
    CHECK(config_of(sources).http_listen == std::vector<std::string>{"10.0.0.3", "10.0.0.4"});
}

TEST_CASE("the file is named by the flag before the environment") {
    Sources sources;
    CHECK(!config_path(sources));
    sources.environment = {{"PARLEY_CONFIG", "env.toml"}};
    CHECK(config_path(sources) == "env.toml");
    sources.arguments = {"--workers", "2", "--config", "flag.toml"};
    CHECK(config_path(sources) == "flag.toml");
}

TEST_CASE("what is printed reads back as the same configuration") {
    for (const Config& config : {Config{}, unlike_default()}) {
        CHECK(config_of({.file_text = print_config(config)}) == config);
    }
}

TEST_CASE("--print-config prints what resulted from all sources") {
    const auto loaded = load_config(
        {.arguments = {"--print-config", "--workers", "7"}, .file_text = "max-rooms = 9"});
    REQUIRE(loaded.ok());
    REQUIRE(std::holds_alternative<Say>(*loaded));
    const std::string& text = std::get<Say>(*loaded).text;
    CHECK(contains(text, "\nworkers = 7\n"));
    CHECK(contains(text, "\nmax-rooms = 9\n"));
}

TEST_CASE("--help names every key") {
    const auto loaded = load_config({.arguments = {"--help"}});
    REQUIRE(loaded.ok());
    REQUIRE(std::holds_alternative<Say>(*loaded));
    for (const Setting& setting : settings()) {
        CHECK(contains(std::get<Say>(*loaded).text, "--" + std::string(setting.key)));
    }
}

TEST_CASE("a bad value names the key, the value, what is allowed and where it came from") {
    const std::string flag = mistake_of({.arguments = {"--http-port", "70000"}});
    CHECK(flag ==
          "http-port: \"70000\" (from flag --http-port) is not allowed: it takes one value, "
          "a number from 0 to 65535");
    CHECK(contains(mistake_of({.environment = {{"PARLEY_WORKERS", "many"}}}),
                   "\"many\" (from environment PARLEY_WORKERS)"));
    CHECK(contains(mistake_of({.environment = {{"PARLEY_CONFIG", "/etc/p.toml"}},
                               .file_text = "\nlog-level = \"loud\""}),
                   "\"loud\" (from file /etc/p.toml line 2)"));
    CHECK(contains(mistake_of({.file_text = "workers = [1, 2]"}), "one value"));
    CHECK(contains(mistake_of({.arguments = {"--workers", "1", "--workers", "2"}}), "one value"));
}

TEST_CASE("every mistake is told, not only the first") {
    const auto loaded = load_config({.arguments = {"--workers", "x"},
                                     .environment = {{"PARLEY_HTTP_PORT", "x"}},
                                     .file_text = "log-level = 'x'"});
    REQUIRE(!loaded.ok());
    CHECK(loaded.error().size() == 3);
}

TEST_CASE("unknown keys are errors in the file and on the command line") {
    CHECK(contains(mistake_of({.file_text = "wrkers = 2"}), "wrkers: there is no such key"));
    CHECK(contains(mistake_of({.arguments = {"--wrkers", "2"}}), "wrkers"));
    CHECK(contains(mistake_of({.arguments = {"stray"}}), "stray"));
    CHECK(contains(mistake_of({.file_text = "workers 2"}), "line 1"));
}

TEST_CASE("a PARLEY_ variable that means nothing is a warning: platforms set such unasked") {
    const auto loaded =
        load_config({.environment = {{"PARLEY_SERVICE_HOST", "10.0.0.1"}, {"OTHER", "x"}}});
    REQUIRE(loaded.ok());
    const auto& warnings = std::get<Loaded>(*loaded).warnings;
    REQUIRE(warnings.size() == 1);
    CHECK(contains(warnings.front(), "PARLEY_SERVICE_HOST"));
}

TEST_CASE("each key refuses what it can not mean") {
    const std::pair<const char*, const char*> cases[] = {
        {"http-listen", "localhost"},
        {"http-port", "-1"},
        {"http-port", "80x"},
        {"public-url", "voice.example"},
        {"workers", "257"},
        {"worker-load-most", "0"},
        {"worker-load-most", "100.5"},
        {"worker-load-most", "1e1"},
        {"worker-load-most", "nan"},
        {"worker-load-most", "inf"},
        {"worker-load-most", "-1"},
        {"rtc-port", "65280"},
        {"rtc-listen", "10.0.0.1="},
        {"rtc-listen", "host=10.0.0.1"},
        {"orphan-timeout", "0"},
        {"orphan-timeout", "5 min"},
        {"run-directory",
         "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
        {"create-on-join", "yes"},
        {"max-rooms", "0"},
        {"max-peers-per-room", "10001"},
        {"room-max-peers", "1e3"},
        {"room-empty-timeout", "99999999999999999999h"},
        {"room-empty-timeout", "169h"},
        {"session-grace", "11min"},
        {"admin-key", "short"},
        {"admin-key", "with a space in it, long"},
        {"token-key", "a:HS256:short"},
        {"token-key", "a:HS512:01234567890123456789012345678901"},
        {"token-key", ":HS256:01234567890123456789012345678901"},
        {"token-key", "a:ES256:"},
        {"token-key", "a"},
        {"webhook", "https://app.example/"},
        {"webhook", "ftp://app.example/ 0123456789abcdef"},
        {"webhook", "https:// 0123456789abcdef"},
        {"webhook", "https://app.example/ short"},
        {"log-format", "xml"},
        {"log-level", "trace"},
    };
    for (const auto& [key, value] : cases) {
        CAPTURE(key);
        CAPTURE(value);
        const std::string mistake =
            mistake_of({.arguments = {"--" + std::string(key) + "=" + value}});
        CHECK(mistake.starts_with(key));
    }
    CHECK(contains(mistake_of({.file_text = "http-listen = []"}), "http-listen"));
    CHECK(contains(mistake_of({.environment = {{"PARLEY_HTTP_PORT", ""}}}), "http-port"));
    const std::string twice = "token-key = ['a:ES256:x', 'a:RS256:y']";
    CHECK(contains(mistake_of({.file_text = twice}), "each kid once"));
}

TEST_CASE("a text that may be empty can be emptied again by a stronger source") {
    Sources sources{.file_text = "public-url = 'https://voice.example'"};
    sources.environment = {{"PARLEY_PUBLIC_URL", ""}};
    CHECK(config_of(sources).public_url == "");
    sources.environment = {};
    sources.arguments = {"--public-url", ""};
    CHECK(config_of(sources).public_url == "");
}

TEST_CASE("a secret is not shown in an error") {
    const std::string mistake = mistake_of({.arguments = {"--admin-key", "hunter2"}});
    CHECK(!contains(mistake, "hunter2"));
    CHECK(contains(mistake, "not shown"));
}

TEST_CASE("durations are told in their largest unit and read in any") {
    CHECK(duration_text(90min) == "90min");
    CHECK(duration_text(2h) == "2h");
    CHECK(duration_text(1500ms) == "1500ms");
    CHECK(duration_text(0s) == "0ms");
    CHECK(parse_duration("15", 0s, 1h) == base::Duration(15s));
    CHECK(parse_duration("1h", 0s, 1h) == base::Duration(1h));
    CHECK(!parse_duration("61min", 0s, 1h));
    CHECK(!parse_duration("s", 0s, 1h));
    CHECK(!parse_duration("", 0s, 1h));
}

TEST_CASE("the run directory follows XDG_RUNTIME_DIR, else carries the user's id") {
    CHECK(default_run_directory({{"XDG_RUNTIME_DIR", "/run/user/7"}}, 7) == "/run/user/7/parley");
    CHECK(default_run_directory({{"XDG_RUNTIME_DIR", ""}}, 7) == "/tmp/parley-7");
}

TEST_CASE("docs/configuration.md holds the table of the keys as they are") {
    std::ifstream file(PARLEY_SOURCE_ROOT "/docs/configuration.md");
    std::stringstream text;
    text << file.rdbuf();
    REQUIRE(file.good());
    INFO(settings_table());
    CHECK(contains(text.str(), settings_table()));
}

TEST_CASE("a certificate without a key, or a key without a certificate, is a mistake") {
    CHECK(contains(mistake_of({.arguments = {"--tls-certificate", "a.pem"}}), "tls-key"));
    CHECK(contains(mistake_of({.file_text = "tls-key = 'a.pem'"}), "tls-certificate"));
}

TEST_CASE("a relay without a secret is a mistake, and so is what is no address of a relay") {
    CHECK(contains(mistake_of({.arguments = {"--turn-url", "turn:a"}}), "turn-secret"));
    CHECK(contains(mistake_of({.file_text = "turn-secret = '0123456789abcdef'"}), "turn-url"));
    for (const char* url : {"turn:a", "turn:a:3478", "turns:a.example:443?transport=tcp",
                            "turn:192.0.2.1?transport=udp", "turn:[2001:db8::1]:3478"}) {
        CHECK_MESSAGE(is_turn_url(url), url);
    }
    for (const char* url : {"", "a", "stun:a", "turn:", "turn://a", "turn:a:", "turn:a:0",
                            "turn:a:65536", "turn:a?transport=", "turn:a?transport=sctp",
                            "turn:a b", "turn:a@b", "turn:[::1", "turn:::1", "turn:a?b=c"}) {
        CHECK_MESSAGE(!is_turn_url(url), url);
    }
}
