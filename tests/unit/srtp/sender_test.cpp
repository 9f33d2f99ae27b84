#include "worker/srtp/sender.h"

#include <doctest/doctest.h>

#include "tests/unit/srtp/packets.h"
#include "worker/srtp/receiver.h"

using namespace parley;
using namespace parley::srtp;

namespace {

size_t protect(Sender& sender, const Packet& plain, size_t room_size) {
    Packet room = plain;
    room.resize(room_size);
    const size_t size = sender.protect_rtp(room, plain.size());
    if (size == 0) CHECK(std::equal(plain.begin(), plain.end(), room.begin()));
    return size;
}

}  // namespace

TEST_CASE("what does not fit, or is no packet, is refused and left as it was") {
    base::SeededRandom random(20);
    for (const Profile profile : kProfiles) {
        Sender sender(profile, random_master(random));
        const Packet plain = rtp_packet(random, 1, 1, 100);
        const size_t tag = tag_size(profile);
        CHECK(protect(sender, plain, plain.size() + tag) == plain.size() + tag);
        CHECK(protect(sender, plain, plain.size() + tag - 1) == 0);
        CHECK(protect(sender, plain, plain.size()) == 0);
        Packet room(100);
        CHECK(sender.protect_rtp(room, 101) == 0);
        CHECK(sender.protect_rtcp(room, 101) == 0);

        for (const std::string_view bad :
             {"", "80", "80000001 00000000 000000", "40000001 00000000 00000001",
              "81000001 00000000 00000001", "90000001 00000000 00000001 bede",
              "90000001 00000000 00000001 bede0001"}) {
            const Packet bytes = from_hex(bad);
            CHECK(protect(sender, bytes, bytes.size() + kMaxOverhead) == 0);
        }
        for (const std::string_view bad : {"", "81c90000", "81c9000100000", "01c9000100000001"}) {
            Packet bytes = from_hex(bad);
            const size_t size = bytes.size();
            bytes.resize(size + kMaxOverhead);
            CHECK(sender.protect_rtcp(bytes, size) == 0);
        }
        CHECK(sender.packets() == 1);
        CHECK(sender.streams() == 1);
    }
}

TEST_CASE("RTCP takes its tag and its trailer, and not a byte less") {
    base::SeededRandom random(21);
    for (const Profile profile : kProfiles) {
        Sender sender(profile, random_master(random));
        const size_t whole = 8 + tag_size(profile) + kRtcpTrailerSize;
        Packet room = rtcp_packet(random, 1, 0);
        room.resize(whole - 1);
        CHECK(sender.protect_rtcp(room, 8) == 0);
        room.resize(whole);
        CHECK(sender.protect_rtcp(room, 8) == whole);
        CHECK(whole <= 8 + kMaxOverhead);
    }
}

TEST_CASE("a packet sent again has its first index, one from before the stream is refused") {
    base::SeededRandom random(22);
    Sender sender(Profile::AeadAes128Gcm, random_master(random));
    const Packet early = rtp_packet(random, 1, 65'530, 50);
    const auto send = [&](const Packet& plain) {
        return protected_by(plain,
                            [&](auto room, size_t size) { return sender.protect_rtp(room, size); });
    };
    const Packet first = send(early);
    send(rtp_packet(random, 1, 4, 50));
    CHECK(sender.highest_index(1) == 65'536 + 4);
    CHECK(send(early) == first);
    CHECK(sender.highest_index(1) == 65'536 + 4);
    CHECK(sender.packets() == 3);

    send(rtp_packet(random, 2, 4, 50));
    CHECK(send(rtp_packet(random, 2, 65'530, 50)).empty());
    CHECK(sender.highest_index(2) == 4);
    CHECK(!sender.highest_index(3));
    sender.forget(2);
    CHECK(!sender.highest_index(2));
    CHECK(sender.streams() == 1);
}

TEST_CASE("a sender that was moved goes on where it was") {
    base::SeededRandom random(23);
    for (const Profile profile : kProfiles) {
        const Master master = random_master(random);
        Sender sender(profile, master);
        Receiver receiver(profile, master);
        for (uint16_t i = 0; i < 10; ++i) {
            Sender moved = std::move(sender);
            Receiver moved_receiver = std::move(receiver);
            sender = std::move(moved);
            receiver = std::move(moved_receiver);
            Packet sealed = protected_by(rtp_packet(random, 1, i, 50), [&](auto room, size_t size) {
                return sender.protect_rtp(room, size);
            });
            CHECK(receiver.unprotect_rtp(sealed));
        }
    }
}
