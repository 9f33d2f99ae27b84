#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace parley::engine {

// Whose routers and pipes are: that of the controller, by the name in its Hello, that made them. A
// worker may serve several, one of its own machine and others that it was lent to, and what one
// has made is no other's to find in a snapshot.
class Owners {
public:
    struct Belongings {
        std::set<uint64_t> routers, pipes;
    };

    void add_router(std::string_view owner, uint64_t id) { of(owner).routers.insert(id); }
    void add_pipe(std::string_view owner, uint64_t id) { of(owner).pipes.insert(id); }
    void remove_router(uint64_t id) {
        for (auto& [owner, has] : all_) has.routers.erase(id);
    }
    void remove_pipe(uint64_t id) {
        for (auto& [owner, has] : all_) has.pipes.erase(id);
    }

    bool has_router(std::string_view owner, uint64_t id) const {
        const auto found = all_.find(owner);
        return found != all_.end() && found->second.routers.contains(id);
    }
    bool has_pipe(std::string_view owner, uint64_t id) const {
        const auto found = all_.find(owner);
        return found != all_.end() && found->second.pipes.contains(id);
    }

    // Takes the owner out, and says what is to be closed.
    Belongings take(std::string_view owner) {
        const auto found = all_.find(owner);
        if (found == all_.end()) return {};
        Belongings has = std::move(found->second);
        all_.erase(found);
        return has;
    }

private:
    Belongings& of(std::string_view owner) {
        const auto found = all_.find(owner);
        return found != all_.end() ? found->second : all_[std::string(owner)];
    }

    std::map<std::string, Belongings, std::less<>> all_;
};

}  // namespace parley::engine
