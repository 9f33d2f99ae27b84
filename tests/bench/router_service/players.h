#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/cluster/messages.h"
#include "common/shell/amqp.h"
#include "common/shell/loop.h"

namespace parley::bench {

// A server as the broker sees it: it beats, and is at once the home of what it is told to open.
class PlayedServer {
public:
    PlayedServer(shell::Loop& loop, const std::string& url, std::string id);

    size_t rooms() const { return rooms_; }

private:
    void beat(base::Instant now);
    void on_delivery(const cluster::Delivery& delivery);

    shell::Loop& loop_;
    std::string id_;
    uint64_t number_ = 0;
    size_t rooms_ = 0;
    std::vector<cluster::RoomReport> news_;  // since the last beat
    shell::Timer timer_;
    std::unique_ptr<shell::AmqpClient> client_;
};

// An app that has so many room.create under way at a time, and measures each.
class PlayedApp {
public:
    PlayedApp(shell::Loop& loop, const std::string& url);

    struct Figures {
        uint64_t refused = 0;
        double seconds = 0;
        std::vector<uint64_t> ns;  // from asked to answered, of each
    };
    // Creates `count` rooms; `on_done` is called when the last was answered.
    void create(const std::string& prefix, size_t count, size_t at_once,
                std::function<void()> on_done);
    const Figures& figures() const { return figures_; }

private:
    void ask_next();
    void on_delivery(const cluster::Delivery& delivery);

    std::string prefix_;
    size_t asked_ = 0, answered_ = 0, count_ = 0;
    uint64_t begin_ = 0;
    std::vector<uint64_t> asked_at_;
    Figures figures_;
    std::function<void()> on_done_;
    std::unique_ptr<shell::AmqpClient> client_;
};

}  // namespace parley::bench
