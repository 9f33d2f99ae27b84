#include "router-service/happenings.h"

#include <algorithm>
#include <array>
#include <utility>

namespace parley::router_service {

namespace {

constexpr base::Duration kTogether = 1min;
// How far back the same is looked for: things happen in bursts.
constexpr ptrdiff_t kLookBack = 16;
// That say the same of different servers.
constexpr int kLinesMost = 3;

constexpr auto kLevels = std::to_array<std::string_view>({"debug", "info", "warning", "error"});

struct Saying {
    std::string_view type;
    Level level;
    std::string_view text;
};
// Of these the core itself says nothing, or only where it is active.
constexpr auto kSayings = std::to_array<Saying>({
    {"server.up", Level::Info, "takes rooms"},
    {"server.draining", Level::Info, "drains"},
    {"server.down", Level::Info, "went down"},
    {"server.overloaded", Level::Warning, "is overloaded"},
});

// Cut where a character begins, so that it stays UTF-8.
std::string bounded(std::string text) {
    if (text.size() <= Happenings::kTextBytes) return text;
    size_t end = Happenings::kTextBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    return text;
}

}  // namespace

void Happenings::on_log(Instant now, const Log& line, uint64_t version) {
    if (line.level < Level::Info || (line.level == Level::Info && !line.room.empty())) return;
    on_happening(now, {.level = line.level,
                       .text = line.text,
                       .server = line.server,
                       .room = line.room,
                       .version = version});
}

void Happenings::on_event(Instant now, const cluster::Event& event, uint64_t version) {
    if (event.type == "room.moved") {
        const auto data = JsonDocument::parse(event.data);
        if (!data) return;
        const auto home = data->root()["home"].text().value_or("");
        const auto from = data->root()["from"].text().value_or("");
        on_happening(now, {.text = "room moved to " + std::string(home),
                           .server = std::string(from),
                           .room = event.room,
                           .version = version});
        return;
    }
    const auto saying = std::ranges::find(kSayings, event.type, &Saying::type);
    if (saying == kSayings.end()) return;
    on_happening(now, {.level = saying->level,
                       .text = std::string(saying->text),
                       .server = event.server,
                       .version = version});
}

void Happenings::on_happening(Instant now, Happening happening) {
    happening.text = bounded(std::move(happening.text));
    if (Happening* known = alike(now, happening)) {
        known->at = now;
        known->server = std::move(happening.server);
        known->room = std::move(happening.room);
        known->version = happening.version;
        ++known->times;
        return;
    }
    happening.number = ++last_;
    happening.at = now;
    if (all_.size() == kMost) all_.pop_front();
    all_.push_back(std::move(happening));
}

// The one that this one is counted with: of the same server, or the latest of enough others.
Happenings::Happening* Happenings::alike(Instant now, const Happening& happening) {
    const auto back = std::min(kLookBack, static_cast<ptrdiff_t>(all_.size()));
    Happening* latest = nullptr;
    int lines = 0;
    for (auto one = all_.rbegin(); one != all_.rbegin() + back; ++one) {
        if (one->at + kTogether <= now || one->text != happening.text) continue;
        if (one->server == happening.server) return &*one;
        if (latest == nullptr) latest = &*one;
        ++lines;
    }
    return lines >= kLinesMost ? latest : nullptr;
}

void Happenings::write(JsonWriter& json, uint64_t since) const {
    json.array();
    for (const Happening& one : all_) {
        if (one.version <= since) continue;
        json.array()
            .number(one.number)
            .number(int64_t{one.at.micros() / 1'000'000})
            .text(kLevels[static_cast<size_t>(one.level)])
            .text(one.text)
            .text(one.server)
            .text(one.room)
            .number(uint64_t{one.times})
            .end_array();
    }
    json.end_array();
}

}  // namespace parley::router_service
