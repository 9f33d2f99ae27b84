#include "tests/fuzz/mutate.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace parley::fuzz {

namespace {

// Longer than any datagram; what is longer still says nothing new.
constexpr size_t kLongest = 4'000;

constexpr std::array<uint8_t, 8> kBytes = {0x00, 0x01, 0x7f, 0x80, 0x81, 0xfe, 0xff, 0x20};
constexpr std::array<uint32_t, 8> kWords = {0,          1,          0x7fff,     0xffff,
                                            0x7fffffff, 0x80000000, 0xffffffff, 0x10000};

// Most fields that steer a parser stand in front.
size_t place_in(base::Random& random, const Message& message) {
    const size_t front = std::min<size_t>(message.size(), 40);
    return random.below(random.below(2) == 0 ? front : message.size());
}

void set_word(base::Random& random, Message& message) {
    const uint32_t value = kWords[random.below(kWords.size())];
    const size_t size = random.below(2) == 0 ? 2 : 4;
    if (message.size() < size) return;
    const size_t at = random.below(message.size() - size + 1);
    for (size_t i = 0; i < size; ++i) {
        message[at + i] = static_cast<uint8_t>(value >> 8 * (size - 1 - i));
    }
}

// What comes behind the place is from the other's place on.
void splice(base::Random& random, Message& message, const Message& other) {
    if (other.empty()) return;
    message.resize(place_in(random, message));
    const auto from = other.begin() + static_cast<ptrdiff_t>(random.below(other.size()));
    message.insert(message.end(), from, other.end());
}

void repeat_part(base::Random& random, Message& message) {
    const size_t at = random.below(message.size());
    const size_t size = 1 + random.below(std::min<size_t>(message.size() - at, 200));
    const Message part(message.begin() + static_cast<ptrdiff_t>(at),
                       message.begin() + static_cast<ptrdiff_t>(at + size));
    const uint64_t times = 1 + random.below(3);
    for (uint64_t i = 0; i < times; ++i) {
        message.insert(message.begin() + static_cast<ptrdiff_t>(at), part.begin(), part.end());
    }
}

void remove_part(base::Random& random, Message& message) {
    const size_t at = random.below(message.size());
    const size_t size = 1 + random.below(std::min<size_t>(message.size() - at, 16));
    message.erase(message.begin() + static_cast<ptrdiff_t>(at),
                  message.begin() + static_cast<ptrdiff_t>(at + size));
}

void mutate_once(base::Random& random, Message& message, const Message& other) {
    uint8_t& byte = message[place_in(random, message)];
    switch (random.below(10)) {
        case 0:
        case 1: byte ^= static_cast<uint8_t>(1u << random.below(8)); break;
        case 2: byte = kBytes[random.below(kBytes.size())]; break;
        case 3: byte = static_cast<uint8_t>(byte + (random.below(2) == 0 ? 1 : 0xff)); break;
        case 4: set_word(random, message); break;
        case 5: message.resize(place_in(random, message)); break;
        case 6: message.insert(message.end(), 1 + random.below(200), byte); break;
        case 7: splice(random, message, other); break;
        case 8: repeat_part(random, message); break;
        default: remove_part(random, message);
    }
}

// The first offset now leads to where the second does. Offsets count from their own place on.
void retarget(base::Random& random, Message& frame) {
    const auto offset_at = [&](size_t at) {
        uint32_t offset = 0;
        std::memcpy(&offset, frame.data() + at, sizeof offset);
        return offset;
    };
    std::vector<size_t> places;
    for (size_t at = 0; at + 4 <= frame.size(); at += 4) {
        const uint32_t offset = offset_at(at);
        if (offset >= 4 && offset < frame.size() - at) places.push_back(at);
    }
    if (places.size() < 2) return;
    const size_t from = places[random.below(places.size())];
    const size_t near = from + (random.below(2) == 0 ? 4 : 8 * random.below(8));
    const bool neighbour = std::binary_search(places.begin(), places.end(), near);
    const size_t model = neighbour ? near : places[random.below(places.size())];
    const size_t target = model + offset_at(model);
    if (target <= from) return;
    const auto offset = static_cast<uint32_t>(target - from);
    std::memcpy(frame.data() + from, &offset, sizeof offset);
}

}  // namespace

Message mutated(base::Random& random, Message message, const Message& other) {
    for (uint64_t times = 1 + random.below(4); times > 0 && !message.empty(); --times) {
        mutate_once(random, message, other);
    }
    if (message.size() > kLongest) message.resize(kLongest);
    return message;
}

Message mutated_frame(base::Random& random, Message frame, const Message& other) {
    switch (random.below(4)) {
        case 0: return mutated(random, std::move(frame), other);
        case 1: {  // one value, and the frame is still one
            if (!frame.empty()) frame[random.below(frame.size())] ^= 1u << random.below(8);
            return frame;
        }
        default:
            for (uint64_t times = 1 + random.below(2); times > 0; --times) retarget(random, frame);
            return frame;
    }
}

}  // namespace parley::fuzz
