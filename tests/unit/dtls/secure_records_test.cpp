#include "worker/dtls/secure_records.h"

#include <doctest/doctest.h>

#include "tests/unit/dtls/pair.h"

using namespace parley;
using namespace parley::dtls;

namespace {

// The last record of a datagram.
Record last_record(const Bytes& datagram) {
    base::ByteReader in(datagram);
    std::optional<Record> last;
    while (const auto record = parse_record(in)) last = record;
    REQUIRE(last);
    return *last;
}

uint64_t nonce_of(const Record& record) {
    return base::ByteReader(record.fragment).u64();
}

RecordKeys some_keys(bool swapped) {
    RecordKeys keys;
    keys.key_size = 32;
    (swapped ? keys.remote : keys.local).key.fill(1);
    (swapped ? keys.local : keys.remote).key.fill(2);
    return keys;
}

// A side that has sent one record under its keys already, as a handshake does.
SecureRecords side(bool swapped) {
    SecureRecords records(some_keys(swapped));
    const Bytes finished = {22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 9};
    records.note_sent(finished);
    return records;
}

}  // namespace

TEST_CASE("what one side seals the other opens, once") {
    SecureRecords ours = side(false), theirs = side(true);
    const Bytes text = {1, 2, 3};
    const Bytes datagram = ours.seal(ContentType::ApplicationData, text);
    CHECK(is_records(datagram));
    const Record record = last_record(datagram);
    CHECK(record.epoch == 1);
    CHECK(record.sequence_number == 1);
    CHECK(nonce_of(record) == 10);
    CHECK(theirs.open(record) == text);
    CHECK(!theirs.open(record));
    CHECK(!ours.open(record));
    const Bytes empty = ours.seal(ContentType::Alert, {});
    CHECK(theirs.open(last_record(empty)) == Bytes{});
}

TEST_CASE("a record of another epoch, type, number or length does not open") {
    SecureRecords ours = side(false);
    const Bytes datagram = ours.seal(ContentType::Alert, Bytes{1, 0});
    const Record good = last_record(datagram);
    const auto opens = [](Record record) { return side(true).open(record).has_value(); };
    CHECK(opens(good));
    Record bad = good;
    bad.epoch = 0;
    CHECK(!opens(bad));
    bad = good;
    bad.type = ContentType::ApplicationData;
    CHECK(!opens(bad));
    bad = good;
    ++bad.sequence_number;
    CHECK(!opens(bad));
    for (size_t size = 0; size < good.fragment.size(); ++size) {
        bad = good;
        bad.fragment = good.fragment.first(size);
        CHECK(!opens(bad));
    }
}

TEST_CASE("after the handshake numbers and nonces go on from OpenSSL's, never again the same") {
    // Twice the server's last flight is lost, so the client says Finished three times.
    int lost = 0;
    Pair pair;
    pair.link = [&](Passing& passing) {
        const bool last = !passing.from_client && pair.server.state() == State::Connected;
        if (last && lost < 2) passing.copies = (++lost, 0);
    };
    pair.start();
    pair.run();
    check_connected(pair);
    for (const bool of_client : {true, false}) {
        uint64_t number = 0, nonce = 0;
        for (size_t i = 0; i < pair.sent.size(); ++i) {
            const Record record = last_record(pair.sent[i]);
            if (record.epoch == 0 || pair.sent_by_client[i] != of_client) continue;
            number = record.sequence_number;
            nonce = nonce_of(record);
        }
        Flight goodbye;
        pair.side(of_client).close(pair.now, goodbye);
        const Record record = last_record(goodbye.at(0));
        CHECK(record.sequence_number == number + 1);
        CHECK(nonce_of(record) == nonce + 1);
    }
}

TEST_CASE("a Finished that comes a second time by itself is not answered twice") {
    Bytes again;
    Pair pair;
    pair.link = [&](Passing& passing) {
        const bool connected = pair.server.state() == State::Connected;
        if (!passing.from_client && connected && again.empty()) passing.copies = 0;
        if (passing.from_client && connected) again = passing.bytes;
    };
    pair.start();
    pair.run();
    check_connected(pair);
    REQUIRE(!again.empty());
    Flight out;
    pair.server.on_datagram(pair.now, again, out);
    CHECK(out.empty());
}
