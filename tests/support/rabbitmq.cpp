#include "tests/support/rabbitmq.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "common/json/json.h"

extern char** environ;

namespace parley::test {

RabbitMq::RabbitMq() {
    int in[2], out[2];
    REQUIRE(pipe2(in, O_CLOEXEC) == 0);
    REQUIRE(pipe2(out, O_CLOEXEC) == 0);
    shell::Fd its_in(in[0]), its_out(out[1]);
    to_ = shell::Fd(in[1]);
    from_ = shell::Fd(out[0]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, its_in.get(), 0);
    posix_spawn_file_actions_adddup2(&actions, its_out.get(), 1);
    std::string program = "python3", script = PARLEY_SOURCE_ROOT "/tests/support/rabbitmq.py";
    char* arguments[] = {program.data(), script.data(), nullptr};
    const int failed = posix_spawnp(&child_, "python3", &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    REQUIRE(failed == 0);
    its_out = shell::Fd();
    const auto facts = JsonDocument::parse(read_line());
    REQUIRE_MESSAGE(facts, "RabbitMQ does not start");
    const Json root = facts->root();
    url = root["url"].text().value_or("");
    port = static_cast<uint16_t>(root["port"].number().value_or(0));
    tls_port = static_cast<uint16_t>(root["tlsPort"].number().value_or(0));
    ca = root["ca"].text().value_or("");
    certificate = root["certificate"].text().value_or("");
    key = root["key"].text().value_or("");
}

RabbitMq::~RabbitMq() {
    to_ = shell::Fd();  // it ends with its input
    waitpid(child_, nullptr, 0);
}

RabbitMq& RabbitMq::shared() {
    static RabbitMq broker;
    return broker;
}

void RabbitMq::command(const std::string& word) {
    const std::string line = word + "\n";
    REQUIRE(write(to_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    const auto answer = JsonDocument::parse(read_line());
    REQUIRE(answer);
    REQUIRE(answer->root()["done"].text() == word);
}

std::string RabbitMq::read_line() {
    std::string line;
    for (char c; read(from_.get(), &c, 1) == 1 && c != '\n';) line += c;
    return line;
}

}  // namespace parley::test
