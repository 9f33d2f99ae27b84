// What it costs to give a room a home, among few servers and many, with a million rooms there.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "common/json/json.h"
#include "tests/bench/forward/clock.h"
#include "tests/bench/router_service/model.h"

namespace parley::bench {
namespace {

constexpr double kRateBar = 100'000;  // assignments a second
constexpr double kP99BarUs = 1'000;

constexpr std::string_view kUsage =
    R"(usage: script/bench router-service [--json] [--check] [--quick]

What it costs the router-service to give a room a home: from the bytes of a room.create to the
bytes of its room.open, from the server's answer to the app's, and the confirmation of that; on
one processor's time, without a broker, in bursts of 100. A million rooms are there before.

  --json   one JSON object per line instead of the table
  --check  exit with 1 when a bar is not kept; the bars are printed in any case
  --quick  a smoke test of a second: 20,000 rooms; its figures mean little

choose      the choice of a server alone, without reading, writing and remembering
p99         of the time for one assignment
B/room      heap for each room; its id has 36 characters, its options are everybody's
)";

struct Figures {
    uint32_t servers = 0;
    uint32_t rooms = 0;
    double assignments_per_s = 0;
    double p50_us = 0, p99_us = 0, max_us = 0;
    double choose_ns = 0;
    double bytes_per_room = 0, bytes_per_server = 0;
    double max_over_mean = 0;  // of the rooms that were assigned, by server

    bool keeps_bars() const { return assignments_per_s >= kRateBar && p99_us < kP99BarUs; }
};

// Commands that come at once, as in a burst; the clock of the processor is read around them all.
constexpr uint32_t kBurst = 100;

// The answer of the server that was asked to be the home, and which that is.
std::pair<cluster::Delivery, std::string> answer_to(const cluster::Publish& asked) {
    const auto command = cluster::parse_command(asked.body, cluster::Origin::Service);
    const auto& open = std::get<cluster::RoomOpen>(*command);
    const std::string server = asked.key.substr(cluster::server_key("").size());
    JsonWriter json;
    cluster::write(json, cluster::RoomPlace{.room = open.room,
                                            .home = server,
                                            .epoch = open.epoch,
                                            .signalling = "wss://" + server + ".example/",
                                            .peers = 0,
                                            .created = base::Instant::from_micros(1),
                                            .options = open.options});
    return {{.tag = 0,
             .queue = std::string(cluster::kReplyTo),
             .key = std::string(cluster::kReplyTo),
             .body = cluster::write(cluster::Answer{std::nullopt, json.take()}),
             .reply_to = {},
             .correlation_id = asked.correlation_id},
            server};
}

cluster::Delivery create_room(uint64_t number) {
    const cluster::RoomCreate create{"new-room-" + std::to_string(number), {.max_peers = 25}};
    return {.tag = number,
            .queue = std::string(cluster::kRooms),
            .key = std::string(cluster::kRoomsKey),
            .body = cluster::write(create),
            .reply_to = "app",
            .correlation_id = std::to_string(number)};
}

// CPU time of this thread: what others do meanwhile on a busy machine is not counted.
uint64_t cpu_ns() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

struct Bursts {
    Model& model;
    std::vector<uint32_t> placed;  // by server
    std::vector<uint64_t> times;   // of each assignment, by the clock on the wall
    uint64_t cpu = 0;              // of all
    router_service::Outputs out = {};

    // Each delivery takes its time into `spent`; what is said about it is left in `out`.
    void deliver(const std::vector<cluster::Delivery>& deliveries, uint64_t* spent) {
        out.clear();
        const uint64_t start = cpu_ns();
        for (size_t at = 0; at < deliveries.size(); ++at) {
            const uint64_t begin = now_ns();
            model.core().on_delivery(model.now(), deliveries[at], out);
            spent[at] += now_ns() - begin;
        }
        cpu += cpu_ns() - start;
    }
    std::vector<cluster::Publish> said() const {
        std::vector<cluster::Publish> said;
        for (const router_service::Output& output : out) {
            if (const auto* one = std::get_if<cluster::Publish>(&output)) said.push_back(*one);
        }
        return said;
    }

    // So many room.create to their ends. False when one did not go as it should.
    bool run(uint64_t first) {
        times.resize(times.size() + kBurst);
        uint64_t* spent = &times[times.size() - kBurst];
        std::vector<cluster::Delivery> deliveries;
        for (uint64_t at = 0; at < kBurst; ++at) deliveries.push_back(create_room(first + at));
        deliver(deliveries, spent);
        deliveries.clear();
        for (const cluster::Publish& asked : said()) {
            if (asked.reply_to.empty()) return false;
            auto [answer, server] = answer_to(asked);
            ++placed[std::stoul(server.substr(server.find('-') + 1))];
            deliveries.push_back(std::move(answer));
        }
        deliver(deliveries, spent);
        const std::vector<cluster::Publish> answers = said();
        out.clear();
        const uint64_t start = cpu_ns();
        for (const cluster::Publish& answer : answers) {
            model.core().on_confirmed(model.now(), answer.id, out);
        }
        cpu += cpu_ns() - start;
        return out.size() == kBurst;  // each is acknowledged
    }
};

double choose_ns(const router_service::Servers& servers) {
    base::SeededRandom random(7);
    constexpr int kChoices = 200'000;
    uint64_t chosen = 0;
    const uint64_t start = cpu_ns();
    for (int choice = 0; choice < kChoices; ++choice) {
        chosen += *router_service::choose_home(servers, {}, {}, random).server;
    }
    const uint64_t spent = cpu_ns() - start;
    // Looked at, so that it is done.
    return chosen == UINT64_MAX ? 0 : static_cast<double>(spent) / kChoices;
}

Figures measure(uint32_t servers, uint32_t rooms, uint32_t assignments) {
    Model model(servers, rooms);
    Bursts bursts{model, std::vector<uint32_t>(servers), {}};
    for (uint64_t number = 1; number < assignments; number += kBurst) {
        if (bursts.run(number)) continue;
        std::fprintf(stderr, "a room.create was not finished\n");
        std::exit(1);
    }
    std::vector<uint64_t>& times = bursts.times;
    std::ranges::sort(times);
    const auto us = [&](double share) {
        const auto at = static_cast<size_t>(share * static_cast<double>(times.size() - 1));
        return static_cast<double>(times[at]) / 1e3;
    };
    return {.servers = servers,
            .rooms = rooms,
            .assignments_per_s = assignments * 1e9 / static_cast<double>(bursts.cpu),
            .p50_us = us(0.5),
            .p99_us = us(0.99),
            .max_us = us(1),
            .choose_ns = choose_ns(model.core().picture().servers()),
            .bytes_per_room = model.bytes_per_room(),
            .bytes_per_server = model.bytes_per_server(),
            .max_over_mean = std::ranges::max(bursts.placed) * double{1} * servers / assignments};
}

void print_json(const Figures& figures) {
    JsonWriter json;
    json.object()
        .text("case", "router-service")
        .number("servers", figures.servers)
        .number("rooms", figures.rooms)
        .real("assignments_per_s", figures.assignments_per_s)
        .real("p50_us", figures.p50_us)
        .real("p99_us", figures.p99_us)
        .real("max_us", figures.max_us)
        .real("choose_ns", figures.choose_ns)
        .real("bytes_per_room", figures.bytes_per_room)
        .real("bytes_per_server", figures.bytes_per_server)
        .real("max_over_mean", figures.max_over_mean)
        .flag("ok", figures.keeps_bars())
        .end_object();
    std::printf("%s\n", json.take().c_str());
}

void print_row(const Figures& figures) {
    std::printf("%8u %9u %12.0f %8.1f %8.1f %9.1f %9.0f %8.0f %9.0f %9.2f  %s\n", figures.servers,
                figures.rooms, figures.assignments_per_s, figures.p50_us, figures.p99_us,
                figures.max_us, figures.choose_ns, figures.bytes_per_room, figures.bytes_per_server,
                figures.max_over_mean, figures.keeps_bars() ? "ok" : "BELOW THE BAR");
}

int run(const std::vector<std::string_view>& arguments) {
    bool json = false, check = false, quick = false;
    for (const std::string_view flag : arguments) {
        if (flag == "--json")
            json = true;
        else if (flag == "--check")
            check = true;
        else if (flag == "--quick")
            quick = true;
        else {
            const bool help = flag == "--help" || flag == "-h";
            std::fputs(kUsage.data(), help ? stdout : stderr);
            return help ? 0 : 2;
        }
    }
    if (!json) {
        std::printf("%8s %9s %12s %8s %8s %9s %9s %8s %9s %9s\n", "servers", "rooms", "assignm./s",
                    "p50 us", "p99 us", "max us", "choose ns", "B/room", "B/server", "max/mean");
    }
    bool kept = true;
    const uint32_t rooms = quick ? 20'000 : 1'000'000;
    const uint32_t assignments = quick ? 2'000 : 200'000;
    for (const uint32_t servers : {10u, 1'000u, 10'000u}) {
        const Figures figures = measure(servers, rooms, assignments);
        json ? print_json(figures) : print_row(figures);
        std::fflush(stdout);
        kept = kept && figures.keeps_bars();
    }
    if (!json) std::printf("bars: %.0f a second, p99 under %.0f us\n", kRateBar, kP99BarUs);
    return check && !kept ? 1 : 0;
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
    return parley::bench::run({argv + 1, argv + argc});
}
