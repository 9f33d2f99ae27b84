#include "common/shell/datagram_groups.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "common/base/random.h"

using namespace parley;
using namespace parley::shell;

namespace {

net::Datagram to(uint32_t ip, uint8_t local = 0) {
    return {{net::Address::v4(ip, 5000), local}, {}};
}

std::vector<std::vector<int>> chains(const DatagramGroups& groups) {
    std::vector<std::vector<int>> all;
    for (const auto& group : groups.groups()) {
        all.emplace_back();
        for (uint16_t i = group.first; i != DatagramGroups::kEnd; i = groups.next(i)) {
            all.back().push_back(i);
        }
        CHECK(all.back().back() == group.last);
    }
    return all;
}

using Chains = std::vector<std::vector<int>>;

}  // namespace

TEST_CASE("datagrams are chained by path, in their order") {
    const auto groups = std::make_unique<DatagramGroups>();
    const std::vector<net::Datagram> batch = {to(1), to(2), to(2), to(1), to(3), to(2), to(1)};
    groups->build(batch);
    CHECK(chains(*groups) == Chains{{0, 3, 6}, {1, 2, 5}, {4}});
}

TEST_CASE("the same address over two sockets is two paths") {
    const auto groups = std::make_unique<DatagramGroups>();
    groups->build(std::vector{to(1, 0), to(1, 1), to(1, 0)});
    CHECK(chains(*groups) == Chains{{0, 2}, {1}});
    CHECK(groups->groups()[1].local == 1);
}

TEST_CASE("nothing of one batch is left in the next") {
    const auto groups = std::make_unique<DatagramGroups>();
    groups->build(std::vector{to(1), to(2)});
    groups->build(std::vector{to(2)});
    CHECK(chains(*groups) == Chains{{0}});
    groups->build({});
    CHECK(chains(*groups).empty());
}

TEST_CASE("a full batch of any mixture keeps every datagram, once, in order") {
    const auto groups = std::make_unique<DatagramGroups>();
    base::SeededRandom random(3);
    for (const uint64_t destinations : {1, 7, 100, 1'000'000}) {
        std::vector<net::Datagram> batch;
        for (size_t i = 0; i < DatagramGroups::kDatagrams; ++i) {
            batch.push_back(to(static_cast<uint32_t>(random.below(destinations))));
        }
        groups->build(batch);
        size_t seen = 0;
        for (const auto& chain : chains(*groups)) {
            seen += chain.size();
            CHECK(std::is_sorted(chain.begin(), chain.end()));
            const net::Path& path = batch[static_cast<size_t>(chain[0])].path;
            for (const int i : chain) CHECK(batch[static_cast<size_t>(i)].path == path);
        }
        CHECK(seen == batch.size());
    }
}
