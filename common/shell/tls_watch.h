#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/shell/loop.h"
#include "common/shell/tls_identity.h"

namespace parley::shell {

// Reads the files of a TlsIdentity again when they have changed, or when it is told to. They are
// looked at by what is in them, so it does not matter how they are replaced: in place, by a rename
// or by a link that leads elsewhere.
class TlsWatch {
public:
    struct Events {
        std::function<void(const TlsIdentity&)> on_renewed;
        // What is there now is no good: whoever has the old one goes on with it.
        std::function<void(const std::string& why)> on_refused;
    };

    // An identity, and what keeps it up to date.
    struct Opened {
        TlsIdentity identity;
        std::unique_ptr<TlsWatch> watch;
    };

    // Reads the files for the first time; from then on they are looked at every ten seconds. The
    // error says what is wrong with them.
    static base::Result<Opened, std::string> open(Loop& loop, TlsFiles files, Events events);

    // `known`: what is in use already. `interval`: between two looks at the files.
    TlsWatch(Loop& loop, TlsFiles files, TlsTexts known, base::Duration interval, Events events);

    // Reads them at once, and says what came of it whether they have changed or not.
    void reload();

private:
    // What a look at the files found: the reason why they could not be read, or what they hold.
    struct Found {
        std::string error;
        TlsTexts texts;
        bool operator==(const Found&) const = default;
    };

    Found look() const;
    void on_tick();
    base::Result<TlsIdentity, std::string> identity_of(const Found& found) const;
    void settle(const Found& found, const base::Result<TlsIdentity, std::string>& identity);

    Loop& loop_;
    TlsFiles files_;
    base::Duration interval_;
    Events events_;
    Found settled_;                  // what the last word was about
    std::optional<Found> doubtful_;  // no good a look ago: perhaps the second file is to follow
    Timer timer_;
};

}  // namespace parley::shell
