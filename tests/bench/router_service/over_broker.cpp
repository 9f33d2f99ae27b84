// What a room.create takes from end to end: an app, a real RabbitMQ, a real router-service, and
// servers that answer at once.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"
#include "tests/bench/router_service/players.h"
#include "tests/support/rabbitmq.h"

extern char** environ;

namespace parley::bench {
namespace {

constexpr const char* kUsage =
    "usage: bench_room_create --router-service PROGRAM [--json] [--check] [--quick]\n\n"
    "How many room.create a second are answered over a real RabbitMQ, started for it, and how "
    "long\n"
    "each takes, with 1, 100 and 1,000 under way at a time. Everything runs on this machine.\n"
    "--check: exit with 1 when one was refused.\n";

constexpr int kServers = 4;

class Process {
public:
    Process(std::string program, const std::string& url) {
        std::vector<std::string> words = {std::move(program), "--broker", url, "--http-port", "0",
                                          "--log-level",      "warning"};
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        if (posix_spawn(&child_, words[0].c_str(), nullptr, nullptr, arguments.data(), environ)) {
            child_ = 0;
        }
    }
    ~Process() {
        if (child_ == 0) return;
        ::kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }
    Process(const Process&) = delete;
    bool runs() const { return child_ != 0; }

private:
    pid_t child_ = 0;
};

struct Figures {
    size_t at_once;
    double per_second, p50_ms, p99_ms;
    uint64_t refused;
};

Figures measure(shell::Loop& loop, PlayedApp& app, size_t count, size_t at_once) {
    app.create("of-" + std::to_string(at_once) + "-", count, at_once, [&] { loop.stop(); });
    loop.run();
    std::vector<uint64_t> ns = app.figures().ns;
    std::ranges::sort(ns);
    const auto ms = [&](double share) {
        return static_cast<double>(ns[static_cast<size_t>(share * double(ns.size() - 1))]) / 1e6;
    };
    return {at_once, double(count) / app.figures().seconds, ms(0.5), ms(0.99),
            app.figures().refused};
}

void print(const Figures& figures, bool as_json) {
    if (!as_json) {
        std::printf("%8zu %12.0f %9.2f %9.2f %9llu\n", figures.at_once, figures.per_second,
                    figures.p50_ms, figures.p99_ms,
                    static_cast<unsigned long long>(figures.refused));
        std::fflush(stdout);
        return;
    }
    JsonWriter json;
    json.object()
        .text("case", "room.create over RabbitMQ")
        .number("servers", uint32_t{kServers})
        .number("at_once", uint64_t{figures.at_once})
        .real("per_second", figures.per_second)
        .real("p50_ms", figures.p50_ms)
        .real("p99_ms", figures.p99_ms)
        .number("refused", figures.refused)
        .flag("ok", figures.refused == 0)
        .end_object();
    std::printf("%s\n", json.take().c_str());
    std::fflush(stdout);
}

int run(const std::vector<std::string_view>& arguments) {
    std::string program;
    bool json = false, check = false, quick = false;
    for (size_t at = 0; at < arguments.size(); ++at) {
        const std::string_view flag = arguments[at];
        if (flag == "--router-service" && at + 1 < arguments.size()) {
            program = arguments[++at];
        } else if (flag == "--json") {
            json = true;
        } else if (flag == "--check") {
            check = true;
        } else if (flag == "--quick") {
            quick = true;
        } else {
            const bool help = flag == "--help";
            std::fputs(kUsage, help ? stdout : stderr);
            return help ? 0 : 2;
        }
    }
    test::RabbitMq broker;
    const Process service(program, broker.url);
    if (!service.runs()) {
        std::fprintf(stderr, "bench_room_create: cannot start '%s'\n", program.c_str());
        return 1;
    }
    shell::Loop loop;
    std::vector<std::unique_ptr<PlayedServer>> servers;
    for (int at = 0; at < kServers; ++at) {
        servers.push_back(
            std::make_unique<PlayedServer>(loop, broker.url, "server-" + std::to_string(at)));
    }
    PlayedApp app(loop, broker.url);
    measure(loop, app, 20, 2);  // waits until the router-service has its picture
    if (!json)
        std::printf("%8s %12s %9s %9s %9s\n", "at once", "creates/s", "p50 ms", "p99 ms",
                    "refused");
    uint64_t refused = 0;
    for (const auto& [count, at_once] :
         {std::pair<size_t, size_t>{1'000, 1}, {10'000, 100}, {20'000, 1'000}}) {
        const Figures figures = measure(loop, app, quick ? count / 20 : count, at_once);
        print(figures, json);
        refused += figures.refused;
    }
    return check && refused > 0 ? 1 : 0;
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
    // What starts RabbitMQ is made for tests.
    doctest::Context checks;
    checks.setAsDefaultForAssertsOutOfTestCases();
    checks.setAssertHandler([](const doctest::AssertData& failed) {
        std::fprintf(stderr, "RabbitMQ: %s\n", failed.m_expr);
        std::exit(1);
    });
    return parley::bench::run({argv + 1, argv + argc});
}
