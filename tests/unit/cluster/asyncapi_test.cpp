#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"

using namespace parley;
using namespace parley::cluster;

namespace {

// The examples of docs/asyncapi.yaml, one line of JSON each, by the name of their message.
std::map<std::string, std::vector<std::string>> examples() {
    std::ifstream file(PARLEY_SOURCE_ROOT "/docs/asyncapi.yaml");
    REQUIRE(file.good());
    std::map<std::string, std::vector<std::string>> found;
    std::string message;
    bool inside = false;  // of components.messages
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("  ") && !line.starts_with("   ")) inside = line == "  messages:";
        if (!inside) continue;
        if (line.starts_with("    ") && line[4] != ' ' && line.ends_with(':')) {
            message = line.substr(4, line.size() - 5);
        }
        const size_t payload = line.find("- payload: ");
        if (payload != line.npos) found[message].push_back(line.substr(payload + 11));
    }
    return found;
}

std::string text_of_docs() {
    std::ifstream file(PARLEY_SOURCE_ROOT "/docs/asyncapi.yaml");
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("every example in docs/asyncapi.yaml is what it says it is") {
    const auto all = examples();
    for (const auto& [message, bodies] : all) {
        for (const std::string& body : bodies) {
            CAPTURE(message);
            CAPTURE(body);
            if (message == "answer") {
                CHECK(parse_answer(body));
            } else if (message == "beat") {
                CHECK(parse_beat(body));
            } else if (message == "event") {
                CHECK(parse_event(body));
            } else {
                auto command = parse_command(body);
                if (!command) command = parse_command(body, Origin::Service);
                REQUIRE(command);
                CHECK(type_of(*command) == message);
            }
        }
    }
}

TEST_CASE("docs/asyncapi.yaml has an example of every message") {
    const auto all = examples();
    for (const char* message :
         {"room.create", "room.close", "room.get", "room.list", "room.why", "peer.add", "peer.kick",
          "peer.mute", "peer.find", "server.list", "server.drain", "server.undrain", "room.open",
          "room.release", "beat.wanted", "answer", "beat", "event"}) {
        CAPTURE(message);
        CHECK(all.contains(message));
    }
}

TEST_CASE("docs/asyncapi.yaml names every entity in the broker") {
    const std::string text = text_of_docs();
    for (const std::string_view name : {kCommands, kLoad, kEvents, kDead, kRooms, kReplyTo}) {
        CAPTURE(name);
        CHECK(text.find(name) != text.npos);
    }
    CHECK(text.find(server_queue("{server}")) != text.npos);
}
