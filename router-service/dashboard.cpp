#include "router-service/dashboard.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "common/cluster/codec.h"
#include "common/cluster/timestamps.h"
#include "router-service/forecast.h"

namespace parley::router_service {

namespace {

// However many look, and however often: servers beat once a second.
constexpr Duration kLookInterval = 500ms;
constexpr size_t kOverflowMost = 50;   // rooms that are named
constexpr size_t kLikelyMost = 5;      // servers of the forecast for any room
constexpr size_t kLikelyInRegion = 3;  // of that for a region
constexpr size_t kRegionsMost = 16;    // with a forecast of their own
constexpr uint32_t kEmptiestMost = 5;  // servers that may be drained

// {"count": ..., "rooms": [[room, home, people, [lender, ...]], ...]}, those with most people
// first.
std::string overflow_json(const Picture& picture) {
    std::vector<RoomIndex> rooms;
    for (const auto& [room, lenders] : picture.rooms().overflow()) rooms.push_back(room);
    const size_t kept = std::min(kOverflowMost, rooms.size());
    std::ranges::partial_sort(rooms, rooms.begin() + static_cast<ptrdiff_t>(kept), {},
                              [&](RoomIndex at) {
                                  const Room& room = picture.rooms()[at];
                                  return std::pair(UINT32_MAX - room.peers, room.id);
                              });
    JsonWriter json;
    json.object().number("count", uint64_t{rooms.size()}).key("rooms").array();
    for (size_t at = 0; at < kept; ++at) {
        const Room& room = picture.rooms()[rooms[at]];
        json.array().text(room.id).text(picture.home_of(room).id).number(uint64_t{room.peers});
        json.array();
        for (const std::string& lender : picture.rooms().overflow().at(rooms[at])) {
            json.text(lender);
        }
        json.end_array().end_array();
    }
    return json.end_array().end_object().take();
}

void write_forecast(JsonWriter& json, const RouterService& core, std::string_view region) {
    const Servers& servers = core.picture().servers();
    const size_t most = region.empty() ? kLikelyMost : kLikelyInRegion;
    const Forecast next = forecast(servers, core.placement(), region, most);
    json.object()
        .text("region", region)
        .number("eligible", next.eligible)
        .flag("elsewhere", next.elsewhere)
        .flag("overloaded", next.overloaded)
        .flag("overBound", next.over_bound)
        .key("likely")
        .array();
    for (const Forecast::Prospect& one : next.likely) {
        json.array().text(servers[one.server].id);
        json.number(int64_t{std::lround(100 * one.load)});
        json.number(int64_t{std::lround(100 * one.chance)}).end_array();
    }
    json.end_array().end_object();
}

// What is to be done next, here or by the active one.
void write_next(JsonWriter& json, const RouterService& core, const ScaleSignal& scale) {
    const Servers& servers = core.picture().servers();
    json.object().text("policy", core.placement().policy == Policy::Pack ? "pack" : "spread");
    json.key("places").array();
    write_forecast(json, core, "");
    size_t written = 0;
    for (const std::string_view region : servers.regions()) {
        if (!region.empty() && ++written <= kRegionsMost) write_forecast(json, core, region);
    }
    json.end_array().key("drain").array();
    for (const ServerIndex at : emptiest(servers, std::min(scale.surplus, kEmptiestMost))) {
        json.text(servers[at].id);
    }
    json.end_array()
        .number("homeless", uint64_t{core.picture().homeless()})
        .number("opening", uint64_t{core.openings()})
        .number("disputed", uint64_t{core.picture().rooms().disputes()})
        .number("waiting", uint64_t{core.waiting()})
        .end_object();
}

}  // namespace

void Dashboard::on_sample(Instant now, const RouterService& core, const ScaleSignal& scale) {
    if (!scale.known || !trends_.on_sample(now, core.picture(), scale, version_ + 1)) return;
    ++version_;
    if (scale.wanted == wanted_) return;
    const uint32_t before = std::exchange(wanted_, scale.wanted);
    if (before == 0) return;
    happenings_.on_happening(
        now, {.text = std::to_string(scale.wanted) + " servers are wanted, there are " +
                      std::to_string(scale.sample.present),
              .version = ++version_});
}

void Dashboard::on_event(Instant now, std::string_view body) {
    const auto event = cluster::parse_event(body);
    if (event) happenings_.on_event(now, *event, ++version_);
}

// "LIFE.VERSION", both in decimal; 0 for what is not that, or not ours, or too long ago.
uint64_t Dashboard::read_since(std::string_view since) const {
    const size_t dot = since.find('.');
    if (dot == since.npos || since.substr(0, dot) != std::to_string(life_)) return 0;
    const std::string_view text = since.substr(dot + 1);
    uint64_t version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (error != std::errc() || end != text.data() + text.size()) return 0;
    return version <= version_ && board_.knows(version) ? version : 0;
}

void Dashboard::look(Instant now, const RouterService& core) {
    if (now - looked_at_ < kLookInterval) return;
    looked_at_ = now;
    if (board_.on_look(now, core.picture(), version_ + 1)) ++version_;
    if (std::string overflow = overflow_json(core.picture()); overflow != overflow_) {
        overflow_ = std::move(overflow);
        overflow_version_ = ++version_;
    }
}

std::string Dashboard::answer(Instant now, std::string_view since, const RouterService& core,
                              const ScaleSignal& scale) {
    look(now, core);
    const uint64_t known = read_since(since);
    JsonWriter json;
    json.object()
        .text("since", std::to_string(life_) + "." + std::to_string(version_))
        .flag("full", known == 0)
        .text("at", cluster::write_timestamp(now))
        .key("replica")
        .object()
        .flag("active", core.is_active())
        .flag("connected", core.is_connected())
        .flag("whole", core.is_whole())
        .end_object();
    json.raw("scale", scale_json(scale));
    json.number("rooms", uint64_t{core.picture().rooms().size()});
    write_next(json.key("next"), core, scale);
    board_.write(json, known);
    if (overflow_version_ > known) json.raw("overflow", overflow_);
    trends_.write(json.key("trends"), known);
    happenings_.write(json.key("happenings"), known);
    return json.end_object().take();
}

size_t Dashboard::bytes() const {
    size_t texts = 0;
    for (const auto& one : happenings_.all()) {
        texts += one.text.capacity() + one.server.capacity() + one.room.capacity();
    }
    return sizeof *this + board_.bytes() + overflow_.capacity() + texts +
           happenings_.all().size() * sizeof(Happenings::Happening);
}

}  // namespace parley::router_service
