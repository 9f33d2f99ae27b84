// Administers the controller of this machine over its control socket.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "common/shell/loop.h"
#include "common/shell/pipe_connection.h"
#include "controller/config/load.h"
#include "controller/config/values.h"
#include "controller/control/client.h"

namespace parley {
namespace {

using controller::control::Client;
using controller::control::Command;
using controller::control::Step;
using Verb = Command::Verb;
using namespace std::chrono_literals;

struct Arguments {
    std::string socket;
    Command command;
};

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

std::string default_socket() {
    const std::string named = environment("PARLEY_RUN_DIRECTORY");
    const std::string directory =
        named.empty() ? controller::default_run_directory(
                            {{"XDG_RUNTIME_DIR", environment("XDG_RUNTIME_DIR")}}, geteuid())
                      : named;
    return directory + "/control.sock";
}

CLI::App* add(CLI::App& app, Command& command, Verb verb, const char* name, const char* meaning) {
    CLI::App* sub = app.add_subcommand(name, meaning);
    sub->fallthrough();
    sub->callback([&command, verb] { command.verb = verb; });
    return sub;
}

CLI::App* add_for_room(CLI::App& app, Command& command, Verb verb, const char* name,
                       const char* meaning) {
    CLI::App* sub = add(app, command, verb, name, meaning);
    sub->add_option("ROOM", command.room, "Id of the room")->required();
    return sub;
}

CLI::App* add_for_peer(CLI::App& app, Command& command, Verb verb, const char* name,
                       const char* meaning) {
    CLI::App* sub = add_for_room(app, command, verb, name, meaning);
    sub->add_option("PEER", command.peer, "Id of the peer")->required();
    return sub;
}

void add_drain(CLI::App& app, Command& command) {
    CLI::App* sub = add(app, command, Verb::Drain, "drain",
                        "No new rooms there; those that are there move, or end");
    sub->add_option("SERVER", command.drain.server, "Id of a server of the cluster; this one");
    sub->add_option_function<std::string>(
           "--deadline",
           [&command](const std::string& text) {
               command.drain.deadline = controller::parse_duration(text, 0s, 168h);
               if (!command.drain.deadline) throw CLI::ValidationError("--deadline", "0 to 168h");
           },
           "What is left then is given up, such as 50min; without one rooms may take their time")
        ->type_name("DURATION");
    sub->add_flag("--wait", command.wait, "Say how far it is, until it is done");
    sub->add_flag("--for-good", command.drain.for_good,
                  "The server ends after it: nobody is to count on it");
}

// nullopt: everything is said, leave with `exit_code`.
std::optional<Arguments> parse(int argc, char** argv, int& exit_code) {
    Arguments arguments{.socket = default_socket(), .command = {}};
    Command& command = arguments.command;
    CLI::App app("Administers the Parley server of this machine.", "parleyctl");
    app.require_subcommand(1);
    app.add_option("--socket", arguments.socket, "Control socket of the server")
        ->capture_default_str();
    app.add_flag("--json", command.json, "Print JSON, one value per line");
    add(app, command, Verb::Rooms, "rooms", "List the rooms");
    add_for_room(app, command, Verb::Room, "room", "Show one room");
    add_for_room(app, command, Verb::Peers, "peers", "List the peers of a room");
    add(app, command, Verb::Workers, "workers", "List the workers");
    add_for_room(app, command, Verb::Close, "close", "Close a room: everybody leaves it");
    add_for_peer(app, command, Verb::Kick, "kick", "Make a peer leave its room")
        ->add_option("--reason", command.reason, "What the peer is told");
    add_for_peer(app, command, Verb::Mute, "mute", "Silence a peer until it is unmuted");
    add_for_peer(app, command, Verb::Unmute, "unmute", "Let a muted peer speak again");
    add(app, command, Verb::Top, "top", "Watch the workers, once a second")
        ->add_flag("--once", command.once, "Print one table and end");
    add_drain(app, command);
    add(app, command, Verb::Undrain, "undrain", "Let rooms come there again")
        ->add_option("SERVER", command.drain.server, "Id of a server of the cluster; this one");
    add_for_room(app, command, Verb::Why, "why", "Say where a room is, and why there");
    add_for_room(app, command, Verb::Dump, "dump", "Print all that is known of a room, as JSON")
        ->add_option("PEER", command.peer, "Only of this peer");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        exit_code = app.exit(error) == 0 ? 0 : 2;
        return std::nullopt;
    }
    return arguments;
}

// Carries a Client to its end over a connection.
class Run {
public:
    Run(shell::Loop& loop, Command command)
        : loop_(loop),
          client_(std::move(command)),
          timer_(loop, [this](base::Instant now) { carry_out(client_.on_deadline(now)); }) {}

    int to_end(const std::string& socket) {
        auto connection = shell::PipeConnection::connect(
            loop_, socket,
            {[this](base::Bytes frame) { carry_out(client_.on_frame(loop_.now(), frame)); },
             [this](std::string_view reason) { on_closed(reason); }});
        if (!connection) {
            std::fprintf(stderr, "parleyctl: no server is there: %s\n%s\n",
                         connection.error().c_str(),
                         "Start one with script/server, or name its socket with --socket.");
            return 1;
        }
        connection_ = std::move(*connection);
        carry_out(client_.start(loop_.now()));
        loop_.run();
        return exit_code_;
    }

private:
    void carry_out(const Step& step) {
        std::fputs(step.print.c_str(), stdout);
        std::fflush(stdout);
        std::fputs(step.complain.c_str(), stderr);
        if (step.exit_code) {
            exit_code_ = *step.exit_code;
            ended_ = true;
            return loop_.stop();
        }
        if (!step.send.empty()) connection_->send(step.send);
        timer_.set(client_.next_deadline());
    }

    void on_closed(std::string_view reason) {
        if (ended_) return;
        std::fprintf(stderr, "parleyctl: the server is gone: %s\n", std::string(reason).c_str());
        exit_code_ = 1;
        loop_.stop();
    }

    shell::Loop& loop_;
    Client client_;
    shell::Timer timer_;
    std::unique_ptr<shell::PipeConnection> connection_;
    int exit_code_ = 1;
    bool ended_ = false;
};

}  // namespace
}  // namespace parley

int main(int argc, char** argv) {
    int exit_code = 0;
    const auto arguments = parley::parse(argc, argv, exit_code);
    if (!arguments) return exit_code;
    parley::shell::Loop loop;
    return parley::Run(loop, arguments->command).to_end(arguments->socket);
}
