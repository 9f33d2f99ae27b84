#include <cstdlib>
#include <new>

#include "tests/unit/ice/peer.h"

using namespace parley;
using namespace parley::ice;

namespace {

size_t allocations = 0;

}  // namespace

// The whole executable allocates through these.
void* operator new(size_t size) {
    ++allocations;
    if (void* room = std::malloc(size)) return room;
    std::abort();
}
void operator delete(void* room) noexcept { std::free(room); }
void operator delete(void* room, size_t) noexcept { std::free(room); }

TEST_CASE("no check makes the worker allocate, whether it is answered or not") {
    Session session;
    const Credentials guessed = {kOld.username_fragment, kNew.password};
    const Buffer checks[] = {session.check_bytes({.nominate = kNominate}),
                             session.check_bytes({.with = guessed}),
                             session.check_bytes({.with = kNew}), Buffer(40)};
    size_t found = 0;
    const size_t before = allocations;
    for (uint16_t port = 1; port < 20; ++port) {
        for (const Buffer& bytes : checks) {
            const net::Path from{net::Address::v4(0x7f000001, port), 0};
            session.agent.on_stun(session.now, from, bytes, session.out);
            found += local_fragment_of(base::Bytes(bytes)).has_value();
        }
    }
    CHECK(allocations == before);
    CHECK(found == 3 * 19);
}
