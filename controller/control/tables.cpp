#include "controller/control/tables.h"

#include <algorithm>
#include <cstdio>

#include "common/cluster/codec.h"
#include "controller/views.h"

namespace parley::controller::control {

namespace {

constexpr size_t kTextBytes = 64 * 1024;
constexpr size_t kWorkersMost = 10'000;

// Characters, not bytes: continuation bytes of UTF-8 take no place.
size_t width_of(std::string_view text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

// C0 and DEL; C1 as UTF-8 has it (0xc2 0x80..0x9f), which some terminals obey as well.
std::string harmless(std::string_view text) {
    std::string safe;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
            safe += '?';
            ++i;
        } else {
            safe += c < 0x20 || c == 0x7f ? '?' : text[i];
        }
    }
    return safe;
}

bool is_number(std::string_view text) {
    return !text.empty() && (std::isdigit(static_cast<unsigned char>(text[0])) != 0);
}

std::string workers_text(const RoomInfo& room) {
    std::string text;
    for (const WorkerIndex worker : room.workers) {
        text += (text.empty() ? "" : ",") + std::to_string(worker);
    }
    return text.empty() ? "-" : text;
}

std::string yes(bool value) {
    return value ? "yes" : "no";
}

std::string number(uint64_t value) {
    return std::to_string(value);
}

std::string voices_text(const PeerInfo& peer) {
    std::string text;
    for (const ProducerInfo& producer : peer.producers) {
        if (!text.empty()) text += ",";
        text += producer.muted ? "muted" : producer.paused ? "paused" : "live";
    }
    return text.empty() ? "none" : text;
}

}  // namespace

std::string columns(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::vector<std::string>> cells = rows;
    std::vector<size_t> widths;
    for (auto& row : cells) {
        widths.resize(std::max(widths.size(), row.size()));
        for (size_t i = 0; i < row.size(); ++i) {
            row[i] = harmless(row[i]);
            widths[i] = std::max(widths[i], width_of(row[i]));
        }
    }
    std::string text;
    for (size_t r = 0; r < cells.size(); ++r) {
        std::string line;
        for (size_t i = 0; i < cells[r].size(); ++i) {
            const std::string& cell = cells[r][i];
            const std::string blank(widths[i] - width_of(cell), ' ');
            // A heading stands as the numbers under it do.
            const bool right = is_number(r == 0 && cells.size() > 1 ? cells[1][i] : cell);
            line += (i ? "  " : "") + (right ? blank + cell : cell + blank);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string drain_text(const DrainState& state) {
    std::string text = std::string(cluster::state_text(state.state)) + ": " +
                       std::to_string(state.rooms) + " rooms, " + std::to_string(state.peers) +
                       " people";
    if (state.left) text += ", " + age_text(*state.left) + " left";
    return text + "\n";
}

std::string why_text(Json why) {
    JsonFields in(why);
    const auto line = [](std::string_view name, std::string_view value) {
        return value.empty() ? "" : std::string(name) + ": " + harmless(value) + "\n";
    };
    std::string text = line("room", in.text_or("room", kTextBytes, ""));
    text += line("home", in.text_or("home", kTextBytes, ""));
    text += line("decided", in.text_or("decided", kTextBytes, ""));
    text += line("reasons", in.text_or("reasons", kTextBytes, ""));
    text += line("before", in.text_or("lostHome", kTextBytes, ""));
    text += line("trace", in.text_or("trace", kTextBytes, ""));
    text += line("trace of the decision", in.text_or("decisionTrace", kTextBytes, ""));
    const Json workers = in.array_or_nothing("workers", kWorkersMost);
    for (size_t i = 0; i < workers.size(); ++i) {
        JsonFields worker(workers[i]);
        const auto lender = worker.text_or("lender", kTextBytes, "");
        text += "worker " + std::to_string(worker.number_or("worker", UINT32_MAX, 0));
        if (!lender.empty()) text += " of server " + harmless(lender);
        text += ", " + std::to_string(worker.number_or("peers", UINT32_MAX, 0)) + " peers: ";
        text += harmless(worker.text_or("reasons", kTextBytes, "")) + "\n";
    }
    return text;
}

std::string drain_json(const DrainState& state) {
    JsonWriter json;
    json.object()
        .text("state", cluster::state_text(state.state))
        .number("rooms", state.rooms)
        .number("peers", state.peers);
    if (state.left) json.number("leftMs", int64_t{*state.left / 1ms});
    return json.end_object().take() + "\n";
}

std::string age_text(base::Duration age) {
    const int64_t seconds = std::max<int64_t>(age / 1s, 0);
    if (seconds < 100) return std::to_string(seconds) + "s";
    if (seconds < 100 * 60) return std::to_string(seconds / 60) + "m";
    if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + "h";
    return std::to_string(seconds / (24 * 3600)) + "d";
}

std::string amount_text(double amount) {
    const char* unit = "";
    for (const char* next : {"k", "M", "G", "T"}) {
        if (amount < 999.5) break;
        amount /= 1000;
        unit = next;
    }
    char text[32];
    std::snprintf(text, sizeof text, *unit ? "%.1f%s" : "%.0f%s", amount, unit);
    return text;
}

std::string rooms_text(Instant now, const std::vector<RoomLine>& rooms) {
    std::vector<std::vector<std::string>> rows = {{"ROOM", "PEERS", "MAX", "WORKERS", "AGE"}};
    for (const RoomLine& line : rooms) {
        const uint32_t most = line.room.options.max_peers;
        rows.push_back({line.room.id, number(line.peers), most ? number(most) : "-",
                        workers_text(line.room), age_text(now - line.room.created)});
    }
    return columns(rows);
}

std::string room_text(Instant now, const RoomLine& line) {
    const RoomOptions& options = line.room.options;
    const base::Duration timeout = options.empty_timeout;
    return "room: " + harmless(line.room.id) + "\npeers: " + number(line.peers) +
           "\nmax peers: " + (options.max_peers ? number(options.max_peers) : "-") +
           "\nempty timeout: " + (timeout > 0s ? std::to_string(timeout / 1s) + "s" : "never") +
           "\nworkers: " + workers_text(line.room) + "\nage: " + age_text(now - line.room.created) +
           "\nmetadata: " + harmless(options.metadata) + "\n";
}

std::string peers_text(Instant now, const std::vector<PeerInfo>& peers) {
    std::vector<std::vector<std::string>> rows = {
        {"PEER", "NAME", "JOINED", "CONNECTED", "VOICE", "AGE"}};
    for (const PeerInfo& peer : peers) {
        rows.push_back({peer.id, peer.display_name, yes(peer.joined), yes(peer.connected),
                        voices_text(peer), age_text(now - peer.since)});
    }
    return columns(rows);
}

std::string workers_text(const std::vector<WorkerInfo>& workers) {
    std::vector<std::vector<std::string>> rows = {{"WORKER", "STATE", "PID", "ROOMS", "TRANSPORTS",
                                                   "PRODUCERS", "CONSUMERS", "RESTARTS", "MEMORY",
                                                   "PIPE"}};
    for (const WorkerInfo& worker : workers) {
        rows.push_back({number(worker.index), worker_state_text(worker.state), number(worker.pid),
                        number(worker.rooms), number(worker.transports), number(worker.producers),
                        number(worker.consumers), number(worker.restarts),
                        amount_text(static_cast<double>(worker.resident_bytes)) + "B",
                        pipe_version_text(worker.speaks)});
    }
    return columns(rows);
}

std::string rooms_json(const std::vector<RoomLine>& rooms) {
    JsonWriter json;
    json.array();
    for (const RoomLine& line : rooms) write_room_summary(json, line.room, line.peers);
    json.end_array();
    return json.take() + "\n";
}

std::string room_json(const RoomLine& line) {
    JsonWriter json;
    write_room_summary(json, line.room, line.peers);
    return json.take() + "\n";
}

std::string peers_json(const std::vector<PeerInfo>& peers) {
    JsonWriter json;
    json.array();
    for (const PeerInfo& peer : peers) write_peer(json, peer);
    json.end_array();
    return json.take() + "\n";
}

std::string workers_json(const std::vector<WorkerInfo>& workers) {
    JsonWriter json;
    json.array();
    for (const WorkerInfo& worker : workers) write_worker(json, worker);
    json.end_array();
    return json.take() + "\n";
}

}  // namespace parley::controller::control
