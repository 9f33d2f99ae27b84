#include <doctest/doctest.h>

#include <set>

#include "tests/fuzz/attack.h"
#include "tests/fuzz/stage.h"
#include "worker/stun/fingerprint.h"
#include "worker/stun/integrity.h"
#include "worker/stun/message.h"

using namespace parley;
using namespace parley::fuzz;

namespace {

void put_u16(Message& message, size_t at, size_t value) {
    message[at] = static_cast<uint8_t>(value >> 8);
    message[at + 1] = static_cast<uint8_t>(value);
}

// Says the right length, so that more of it is looked at.
void mend_length(Message& message, size_t behind = 0) {
    if (message.size() >= stun::kHeaderBytes) {
        put_u16(message, 2, message.size() + behind - stun::kHeaderBytes);
    }
}

// Empty when the message is too short to have an id.
Message transaction_of(const Message& message) {
    if (message.size() < stun::kHeaderBytes) return {};
    return {message.begin() + 8, message.begin() + stun::kHeaderBytes};
}

void append_attribute(Message& message, stun::Attribute type, base::Bytes value) {
    message.resize(message.size() + 4);
    put_u16(message, message.size() - 4, static_cast<uint16_t>(type));
    put_u16(message, message.size() - 2, value.size());
    message.insert(message.end(), value.begin(), value.end());
}

void append_fingerprint(Message& message) {
    mend_length(message, 8);
    std::array<uint8_t, 4> value{};
    base::ByteWriter(value).u32(stun::fingerprint_of(message));
    append_attribute(message, stun::Attribute::Fingerprint, value);
}

// What nobody has vouched for, in anybody's name.
struct Checks final : Attack {
    explicit Checks(uint64_t seed) : stage(seed) {
        stage.rehearse();
        for (const Datagram& datagram : stage.recording().stun) {
            transactions.insert(transaction_of(datagram.bytes));
        }
    }

    void strike(base::Random& random) override {
        random.below(3) == 0 ? strike_signed(random) : strike_unsigned(random);
    }

    void breathe() override {
        stage.run(40ms);
        stage.cluster().machine().worker(0)->engine().ensure_invariants();
    }

    const Datagram& any(base::Random& random) const {
        const auto& all = stage.recording().stun;
        return all[random.below(all.size())];
    }

    // Sent again as it was, a check would prove that its sender moved to where it comes from now.
    // One bit of the transaction id is another one: whoever's it was, it proves nothing any more.
    void disprove(base::Random& random, Message& message) const {
        if (!transactions.contains(transaction_of(message))) return;
        message[8 + random.below(12)] ^= static_cast<uint8_t>(1u << random.below(8));
    }

    void strike_unsigned(base::Random& random) {
        Message message = mutated(random, any(random).bytes, any(random).bytes);
        disprove(random, message);
        if (random.below(2) == 0) mend_length(message);
        // With the old fingerprint nobody looks whether it is vouched for.
        if (message.size() >= stun::kHeaderBytes + 8 && random.below(2) == 0) {
            message.resize((message.size() - 8) / 4 * 4);
            append_fingerprint(message);
        }
        const sim::MediaLeg& leg = *leg_of(random);
        const bool stranger = random.below(4) == 0;
        stage.forge(stranger ? somewhere(random) : leg.address(), server_of(leg), message);
        if (random.below(5) == 0) stage.forge(leg.address(), server_of(leg), message);
    }

    // The guest vouches for it, with the password of its transport: only the inside is wrong.
    void strike_signed(base::Random& random) {
        const sim::MediaLeg* leg = stage.guest().sending_leg();
        if (!leg) return;
        Message message = mutated(random, check_of(*leg, random), any(random).bytes);
        message.resize((message.size() + 3) / 4 * 4);
        if (message.size() < stun::kHeaderBytes || message.size() > limits::kDatagramBytes) return;
        mend_length(message, 24);
        append_attribute(message, stun::Attribute::MessageIntegrity,
                         stun::integrity_of(message, leg->remote().ice.password));
        if (random.below(2) == 0) append_fingerprint(message);
        const bool roams = random.below(8) == 0;
        stage.forge(roams ? somewhere(random) : leg->address(), server_of(*leg), message);
    }

    // A check as the guest sends it, up to where it vouches for it.
    Message check_of(const sim::MediaLeg& leg, base::Random& random) const {
        const std::string user =
            leg.remote().ice.username_fragment + ":" + leg.ice().local().username_fragment;
        Message message(stun::kHeaderBytes);
        random.fill(message);
        base::ByteWriter header(message);
        header.u16(stun::kBinding);
        header.u16(0);
        header.u32(stun::kMagicCookie);
        append_attribute(message, stun::Attribute::Username, base::as_bytes(user));
        message.resize((message.size() + 3) / 4 * 4);
        const std::array<uint8_t, 8> tie_breaker{1, 2, 3, 4, 5, 6, 7, 8};
        append_attribute(message, stun::Attribute::IceControlling, tie_breaker);
        append_attribute(message, stun::Attribute::Priority, base::Bytes(tie_breaker).first(4));
        if (random.below(2) == 0) append_attribute(message, stun::Attribute::UseCandidate, {});
        return message;
    }

    const sim::MediaLeg* leg_of(base::Random& random) {
        const sim::ModelBrowser* people[] = {&stage.ada().browser(), &stage.bob().browser(),
                                             &stage.guest()};
        const sim::ModelBrowser& one = *people[random.below(3)];
        return random.below(2) == 0 ? one.sending_leg() : one.receiving_leg();
    }

    static net::Address somewhere(base::Random& random) {
        return net::Address::v4(0xc6336400u + static_cast<uint32_t>(random.below(200)),
                                static_cast<uint16_t>(1 + random.below(60'000)));
    }

    Stage stage;
    std::set<Message> transactions;  // ids of those that were recorded
};

}  // namespace

TEST_CASE("STUN: mutated checks and answers, in anybody's name, cut nobody off") {
    Checks checks(options().seed);
    carry_out("STUN", checks, 100'000, 250);
    if (!options().whole()) return;
    const net::Drops& drops = checks.stage.counters().drops;
    CHECK(drops[net::Drop::StunMalformed] > 1'000);
    CHECK(drops[net::Drop::StunUnknownUser] > 1'000);
    CHECK(drops[net::Drop::StunUnauthenticated] > 1'000);
    CHECK(checks.stage.counters().stun_received > 1'000);
}
