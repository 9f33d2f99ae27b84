#include "worker/engine/addressing.h"

#include <cstring>

namespace parley::engine {

std::optional<Addressing::Fragment> Addressing::key_of(std::string_view fragment) {
    Fragment key = 0;
    if (fragment.size() != sizeof key) return std::nullopt;  // ours have eight characters
    std::memcpy(&key, fragment.data(), sizeof key);
    return key;
}

const Destination* Addressing::of_fragment(std::string_view fragment) const {
    const auto key = key_of(fragment);
    return key ? fragments_.find(*key) : nullptr;
}

void Addressing::update(uint64_t transport, const Destination& destination,
                        const ice::LiteAgent& agent) {
    if (const Known* before = known_.find(transport)) take_out(*before);
    Known known;
    known.destination = destination;
    for (const std::string_view fragment : agent.local_fragments()) {
        const auto key = key_of(fragment);
        ENSURE(key.has_value());
        known.fragments[known.fragment_count++] = *key;
        fragments_.insert(*key, destination);
    }
    for (const net::Path& path : agent.paths()) {
        known.paths[known.path_count++] = path;
        if (!is_pipe(path)) paths_.insert(path, destination);
    }
    known_.insert(transport, known);
}

void Addressing::forget(uint64_t transport) {
    if (const Known* known = known_.find(transport)) take_out(*known);
    known_.erase(transport);
}

bool Addressing::is_pipe(const net::Path& path) const {
    const Destination* owner = paths_.find(path);
    return owner && owner->pipe;
}

void Addressing::add_pipe(base::Handle<router::Pipe> pipe, const net::Path& path) {
    if (!pipes_.contains(path)) pipes_.insert(path, {});
    auto& here = *pipes_.find(path);
    here.push_back(pipe);
    paths_.insert(path, {{}, {}, here.front(), here.size() > 1});
}

void Addressing::forget_pipe(base::Handle<router::Pipe> pipe, const net::Path& path) {
    auto& here = *pipes_.find(path);
    std::erase(here, pipe);
    if (!here.empty()) {
        paths_.insert(path, {{}, {}, here.front(), here.size() > 1});
        return;
    }
    pipes_.erase(path);
    paths_.erase(path);
}

void Addressing::take_out(const Known& known) {
    for (size_t i = 0; i < known.fragment_count; ++i) fragments_.erase(known.fragments[i]);
    for (size_t i = 0; i < known.path_count; ++i) {
        const Destination* owner = paths_.find(known.paths[i]);
        if (owner && *owner == known.destination) paths_.erase(known.paths[i]);
    }
}

}  // namespace parley::engine
