#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/mouth.h"

namespace parley::sim {

// Everybody who ever spoke in a run, by the number that their words carry; and the rooms, by
// theirs. A checker may look at both ends of the line.
class People {
public:
    struct Person {
        std::string name;
        uint32_t room = 0;
        const Mouth* mouth = nullptr;
    };

    uint32_t add_room(const std::string& name) {
        rooms_.push_back(name);
        return static_cast<uint32_t>(rooms_.size() - 1);
    }
    // The mouth must live as long as the run.
    uint32_t add(const std::string& name, uint32_t room, const Mouth& mouth) {
        people_.push_back({name, room, &mouth});
        return static_cast<uint32_t>(people_.size() - 1);
    }

    // What is announced in this name is nobody's words from now on: whether it comes in packets as
    // they should be is still looked at, but not what is said in them.
    void distrust(const std::string& name) { distrusted_.insert(name); }
    bool trusts(const std::string& name) const { return !distrusted_.contains(name); }

    // REQUIRES: the number was given.
    const Person& person(uint32_t number) const { return people_.at(number); }
    const std::string& room(uint32_t number) const { return rooms_.at(number); }
    bool known(uint32_t speaker, uint32_t room) const {
        return speaker < people_.size() && room < rooms_.size();
    }

private:
    std::vector<Person> people_;
    std::vector<std::string> rooms_;
    std::set<std::string> distrusted_;
};

}  // namespace parley::sim
