#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "common/shell/fd.h"

namespace parley::test {

// A RabbitMQ of this process's own: tests/support/rabbitmq.py, that ends with it. Calls wait until
// they have been done.
class RabbitMq {
public:
    RabbitMq();  // takes seconds
    ~RabbitMq();
    RabbitMq(const RabbitMq&) = delete;

    // The one of this test executable, started when it is asked for first.
    static RabbitMq& shared();

    void kill() { command("kill"); }    // as by -9
    void start() { command("start"); }  // again, with what it had stored
    void pause() { command("pause"); }
    void resume() { command("resume"); }

    std::string url;  // amqp://, of an administrator
    uint16_t port = 0, tls_port = 0;
    std::string ca, certificate, key;  // files for TLS, which wants a client's certificate

private:
    void command(const std::string& word);
    std::string read_line();

    shell::Fd to_, from_;
    pid_t child_ = 0;
};

}  // namespace parley::test
