#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "worker/ice/lite_agent.h"
#include "worker/stun/integrity.h"
#include "worker/stun/writer.h"

namespace parley::ice {

using Buffer = std::vector<uint8_t>;

inline const Credentials kOld = {"oldfragm", "old-password-of-32-characters-00"};
inline const Credentials kNew = {"newfragm", "new-password-of-32-characters-00"};

inline net::Path path_of(const char* ip, uint16_t port = 40'000, uint8_t local = 0) {
    return {*net::parse_ip(ip, port), local};
}

inline const net::Path kWifi = path_of("192.0.2.1");
inline const net::Path kMobile = path_of("198.51.100.7");
inline const net::Path kIpv6 = path_of("2001:db8::7", 443);

// How a check differs from a plain one.
struct CheckOptions {
    bool nominate = false;
    uint32_t priority = 100;
    Credentials with = kOld;
};
inline constexpr bool kNominate = true;

// One agent, and the peer that checks it over a wire that loses nothing and takes no time.
class Session final : public net::DatagramSink {
public:
    Session() : out(*this) {}

    void send(std::span<const net::Datagram> batch) override {
        for (const net::Datagram& datagram : batch) {
            const auto bytes = datagram.bytes;
            answers.push_back({datagram.path, Buffer(bytes.begin(), bytes.end())});
        }
    }

    Buffer check_bytes(const CheckOptions& options) {
        Buffer bytes(limits::kDatagramBytes);
        const std::string username = options.with.username_fragment + ":peer";
        bytes.resize(stun::write_binding_request(bytes, {.transaction_id = {++checks},
                                                         .username = username,
                                                         .password = options.with.password,
                                                         .priority = options.priority,
                                                         .ice_controlling = 1,
                                                         .ice_controlled = std::nullopt,
                                                         .use_candidate = options.nominate}));
        return bytes;
    }

    Heard hear(const net::Path& from, const Buffer& bytes) {
        answers.clear();
        const Heard heard = agent.on_stun(now, from, bytes, out);
        out.flush();
        CHECK(answers.size() <= 1);
        return heard;
    }

    Heard check(const net::Path& from, const CheckOptions& options = {}) {
        return hear(from, check_bytes(options));
    }

    // The code of the only answer: 0 for a success, nothing if there was none.
    std::optional<uint16_t> answer_code() const {
        if (answers.empty()) return std::nullopt;
        const auto message = stun::parse_message(answers[0].bytes);
        REQUIRE(message);
        return message->message_class == stun::Class::Success ? 0 : message->error_code;
    }

    bool knows(const net::Path& path) const {
        for (const net::Path& known : agent.paths()) {
            if (known == path) return true;
        }
        return false;
    }

    // Lets `by` pass, with every deadline on its way.
    void wait(base::Duration by) {
        const base::Instant end = now + by;
        while (agent.next_deadline() <= end) {
            now = agent.next_deadline();
            agent.on_deadline(now);
        }
        now = end;
    }

    struct Answer {
        net::Path to;
        Buffer bytes;
    };

    base::Instant now = base::Instant::from_micros(1'000'000);
    LiteAgent agent{kOld, now};
    net::Outbox out;
    std::vector<Answer> answers;
    uint8_t checks = 0;
};

}  // namespace parley::ice
