#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/shell/loop.h"
#include "worker/net/address.h"

namespace parley::shell {

// Asks the system's resolver, on libuv's threads: a name server that is silent holds nothing up.
class NameLookup {
public:
    // `error` is nullptr, or why there are no addresses. Their ports are 0; the first is to be
    // tried last.
    using OnDone = std::function<void(std::vector<net::Address> addresses, const char* error)>;

    explicit NameLookup(Loop& loop) : loop_(loop) {}
    ~NameLookup();  // calls nothing back
    NameLookup(const NameLookup&) = delete;

    // Calls back in a turn to come. Not when it returns an error.
    const char* find(const std::string& name, OnDone on_done);

private:
    struct Question;

    Loop& loop_;
    std::set<Question*> questions_;
};

}  // namespace parley::shell
