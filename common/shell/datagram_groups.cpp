#include "common/shell/datagram_groups.h"

namespace parley::shell {

void DatagramGroups::build(std::span<const net::Datagram> batch) {
    ENSURE(batch.size() <= kDatagrams);
    count_ = 0;
    if (++stamp_ == 0) {  // 2^32 batches later: old stamps would look like new ones
        slots_.fill({});
        stamp_ = 1;
    }
    uint16_t group = 0;
    for (uint16_t i = 0; i < batch.size(); ++i) {
        const bool same = i > 0 && batch[i].path == batch[i - 1u].path;
        if (!same) group = find_or_add(batch, i);
        Group& chain = groups_[group];
        if (chain.first != i) next_[chain.last] = i;
        chain.last = i;
        next_[i] = kEnd;
    }
}

uint16_t DatagramGroups::find_or_add(std::span<const net::Datagram> batch, uint16_t index) {
    const net::Path& path = batch[index].path;
    size_t place = net::PathHash{}(path) & (kSlots - 1);
    while (slots_[place].stamp == stamp_) {
        const uint16_t group = slots_[place].group;
        if (batch[groups_[group].first].path == path) return group;
        place = (place + 1) & (kSlots - 1);
    }
    const auto group = static_cast<uint16_t>(count_++);
    slots_[place] = {stamp_, group};
    groups_[group] = {index, index, path.local};
    return group;
}

}  // namespace parley::shell
