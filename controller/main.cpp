// The controller of one machine: reads its configuration, opens the server, and runs it.

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <variant>

#include "common/shell/files.h"
#include "common/shell/interfaces.h"
#include "common/shell/log.h"
#include "common/shell/loop.h"
#include "common/shell/random.h"
#include "controller/config/load.h"
#include "controller/wiring/server.h"
#include "controller/wiring/server_id.h"
#include "worker/limits.h"

extern char** environ;

namespace parley {
namespace {

using controller::Config;
using controller::Server;
using controller::WorkerProcesses;
using controller::api::TokenKey;

constexpr size_t kConfigBytes = 1024 * 1024;
constexpr size_t kKeyBytes = 64 * 1024;

template <typename T>
using Result = base::Result<T, std::string>;

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const size_t equals = text.find('=');
        if (equals == text.npos) continue;
        variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return variables;
}

TokenKey::Algorithm algorithm_of(controller::TokenAlgorithm algorithm) {
    switch (algorithm) {
        case controller::TokenAlgorithm::Hs256: return TokenKey::Algorithm::Hs256;
        case controller::TokenAlgorithm::Es256: return TokenKey::Algorithm::Es256;
        case controller::TokenAlgorithm::Rs256: return TokenKey::Algorithm::Rs256;
    }
    return TokenKey::Algorithm::Hs256;
}

// The keys with their files read. Without any, one of this process's own, so that tokens can be
// tried out; they end with it.
Result<std::vector<TokenKey>> token_keys(const Config& config) {
    std::vector<TokenKey> keys;
    for (const controller::TokenKeySource& source : config.token_keys) {
        TokenKey key{source.kid, algorithm_of(source.algorithm), source.value};
        if (key.algorithm != TokenKey::Algorithm::Hs256) {
            auto pem = shell::read_file(source.value, kKeyBytes);
            if (!pem) return base::Err{"token-key " + source.kid + ": " + pem.error()};
            key.material = std::move(*pem);
        }
        if (const auto mistake = controller::api::key_mistake(key)) {
            return base::Err{"token-key " + source.kid + ": " + *mistake};
        }
        keys.push_back(std::move(key));
    }
    if (keys.empty()) {
        keys.push_back({"development", TokenKey::Algorithm::Hs256, shell::SystemRandom().text(43)});
    }
    return keys;
}

// The one that was configured, or that of the same installation or build.
Result<std::string> worker_program(const Config& config) {
    if (!config.worker_program.empty()) return config.worker_program;
    const std::string here = shell::program_directory();
    for (const char* place : {"/parley-worker", "/../parley-worker"}) {
        if (shell::is_executable(here + place)) return here + place;
    }
    return base::Err{"no parley-worker beside " + here + "; name it with --worker-program"};
}

std::vector<std::string> media_addresses(const Config& config, shell::Logger& logger) {
    std::vector<std::string> addresses = config.rtc_listen;
    if (addresses.empty()) addresses = shell::local_addresses();
    if (addresses.size() > limits::kListens) {
        logger.write(shell::LogLevel::Warning,
                     "only the first " + std::to_string(limits::kListens) + " of " +
                         std::to_string(addresses.size()) +
                         " addresses carry media; choose them with rtc-listen");
        addresses.resize(limits::kListens);
    }
    return addresses;
}

Result<Server::Options> server_options(const Config& config, std::string run_directory,
                                       shell::Logger& logger) {
    const auto made = shell::make_private_directory(run_directory);
    if (!made) return base::Err{"run-directory " + made.error()};
    auto program = worker_program(config);
    if (!program) return base::Err{program.error()};
    auto keys = token_keys(config);
    if (!keys) return base::Err{keys.error()};
    auto id = config.broker.empty() ? Result<std::string>(std::string())
                                    : controller::server_id(config, run_directory);
    if (!id) return base::Err{id.error()};
    const uint32_t wanted = config.workers == 0 ? shell::processors() : config.workers;
    Server::Options options;
    options.config = config;
    options.token_keys = std::move(*keys);
    options.server_id = std::move(*id);
    options.workers = {.program = std::move(*program),
                       .run_directory = std::move(run_directory),
                       .base_port = config.rtc_port,
                       .listen = media_addresses(config, logger),
                       .tcp = config.rtc_tcp,
                       .orphan_timeout = config.orphan_timeout};
    options.worker_count = WorkerProcesses::count(options.workers.run_directory, wanted);
    if (options.worker_count > wanted) {
        logger.write(shell::LogLevel::Warning,
                     std::to_string(options.worker_count) +
                         " workers of an earlier run still carry rooms: all of them are kept");
    }
    return options;
}

shell::LogLevel level_of(const std::string& name) {
    if (name == "debug") return shell::LogLevel::Debug;
    if (name == "warning") return shell::LogLevel::Warning;
    return name == "error" ? shell::LogLevel::Error : shell::LogLevel::Info;
}

int serve(const controller::Loaded& loaded, const std::map<std::string, std::string>& variables) {
    const Config& config = loaded.config;
    shell::Logger logger(
        config.log_format == "json" ? shell::LogFormat::Json : shell::LogFormat::Text,
        level_of(config.log_level));
    const auto fail = [&](const std::string& why) {
        logger.write(shell::LogLevel::Error, why);
        return 1;
    };
    for (const std::string& warning : loaded.warnings) {
        logger.write(shell::LogLevel::Warning, warning);
    }
    const std::string run_directory = config.run_directory.empty()
                                          ? controller::default_run_directory(variables, geteuid())
                                          : config.run_directory;
    auto options = server_options(config, run_directory, logger);
    if (!options) return fail(options.error());
    shell::Loop loop;
    const auto server = Server::open(loop, logger, std::move(*options));
    if (!server) return fail(server.error());
    loop.run();
    return 0;
}

int run(std::vector<std::string> arguments) {
    controller::Sources sources{.arguments = std::move(arguments), .environment = environment()};
    if (const auto path = controller::config_path(sources)) {
        auto text = shell::read_file(*path, kConfigBytes);
        if (!text) {
            std::fprintf(stderr, "parley-controller: config %s\n", text.error().c_str());
            return 2;
        }
        sources.file_text = std::move(*text);
    }
    const auto loaded = controller::load_config(sources);
    if (!loaded) {
        for (const std::string& mistake : loaded.error()) {
            std::fprintf(stderr, "parley-controller: %s\n", mistake.c_str());
        }
        return 2;
    }
    if (const auto* say = std::get_if<controller::Say>(&*loaded)) {
        std::fputs(say->text.c_str(), stdout);
        return 0;
    }
    return serve(std::get<controller::Loaded>(*loaded), sources.environment);
}

}  // namespace
}  // namespace parley

int main(int argc, char** argv) {
    return parley::run({argv + 1, argv + argc});
}
