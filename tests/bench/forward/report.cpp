#include "tests/bench/forward/report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace parley::bench {

namespace {

constexpr double kRatioMax = 1.35;
constexpr double kKibPerListenerMax = 16;

[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...) {
    char room[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(room, sizeof room, format, arguments);
    va_end(arguments);
    return room;
}

const char* name_of(Pace pace) { return pace == Pace::Saturation ? "saturation" : "moderate"; }

// The line in which a figure is largest, among those that count.
template <typename Counts>
const Line* worst(const std::vector<Line>& lines, double Line::*figure, Counts counts) {
    const Line* found = nullptr;
    for (const Line& line : lines) {
        if (counts(line) && (!found || line.*figure > found->*figure)) found = &line;
    }
    return found;
}

Bar bar_of(std::string promise, const Line& worst, double Line::*figure, double most) {
    return {std::move(promise),
            text("%.3g at worst, %s at %s", worst.*figure, worst.scene.c_str(),
                 worst.pace == Pace::Saturation ? "saturation" : "a moderate rate"),
            worst.*figure <= most};
}

}  // namespace

Line line_of(const Scene& scene, Pace pace, const Pair& pair, double kib_per_listener) {
    const double own = median(pair.worker, &Run::us_per_packet);
    const double floor = median(pair.floor, &Run::us_per_packet);
    return {std::string(scene.name), pace, own, floor, own / floor,
            median(pair.worker, &Run::packets_per_second), median(pair.worker, &Run::p99_us),
            median(pair.worker, &Run::allocations_per_packet), kib_per_listener};
}

std::string json_of(const Line& line) {
    return text("{\"case\": \"%s\", \"load\": \"%s\", \"us_per_packet\": %.3f, "
                "\"floor_us_per_packet\": %.3f, \"ratio\": %.3f, \"packets_per_second\": %.0f, "
                "\"p99_us\": %.0f, \"allocations_per_packet\": %.6f, \"kib_per_listener\": %.2f}\n",
                line.scene.c_str(), name_of(line.pace), line.us_per_packet,
                line.floor_us_per_packet, line.ratio, line.packets_per_second, line.p99_us,
                line.allocations_per_packet, line.kib_per_listener);
}

std::string table_head() {
    return text("%-24s %-10s %9s %9s %6s %10s %8s %12s %12s\n", "case", "load", "us/packet",
                "bare loop", "ratio", "packets/s", "p99 us", "allocations", "KiB/listener");
}

std::string table_row(const Line& line) {
    return text("%-24s %-10s %9.2f %9.2f %6.2f %10.0f %8.0f %12.6f %12.1f\n", line.scene.c_str(),
                name_of(line.pace), line.us_per_packet, line.floor_us_per_packet, line.ratio,
                line.packets_per_second, line.p99_us, line.allocations_per_packet,
                line.kib_per_listener);
}

std::vector<Bar> bars_of(const std::vector<Line>& lines) {
    std::vector<Bar> bars;
    const auto all = [](const Line&) { return true; };
    const auto saturated = [](const Line& line) { return line.pace == Pace::Saturation; };
    if (const Line* line = worst(lines, &Line::ratio, saturated)) {
        bars.push_back(bar_of("at most 1.35 times the bare loop, saturated", *line, &Line::ratio,
                              kRatioMax));
    }
    if (const Line* line = worst(lines, &Line::allocations_per_packet, all)) {
        bars.push_back(
            bar_of("no allocation per packet", *line, &Line::allocations_per_packet, 0));
    }
    if (const Line* line = worst(lines, &Line::kib_per_listener, all)) {
        bars.push_back(bar_of("at most 16 KiB resident per listener", *line,
                              &Line::kib_per_listener, kKibPerListenerMax));
    }
    return bars;
}

}  // namespace parley::bench
