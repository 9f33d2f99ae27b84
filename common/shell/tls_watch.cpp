#include "common/shell/tls_watch.h"

#include <utility>

namespace parley::shell {

namespace {

constexpr base::Duration kInterval = 10s;

}  // namespace

base::Result<TlsWatch::Opened, std::string> TlsWatch::open(Loop& loop, TlsFiles files,
                                                           Events events) {
    auto texts = read_tls_files(files);
    if (!texts) return base::Err{texts.error()};
    auto identity = TlsIdentity::parse(files, *texts);
    if (!identity) return base::Err{identity.error()};
    return Opened{std::move(*identity),
                  std::make_unique<TlsWatch>(loop, std::move(files), std::move(*texts), kInterval,
                                             std::move(events))};
}

TlsWatch::TlsWatch(Loop& loop, TlsFiles files, TlsTexts known, base::Duration interval,
                   Events events)
    : loop_(loop),
      files_(std::move(files)),
      interval_(interval),
      events_(std::move(events)),
      settled_{{}, std::move(known)},
      timer_(loop, [this](base::Instant) { on_tick(); }) {
    timer_.set(loop_.now() + interval_);
}

void TlsWatch::reload() {
    const Found found = look();
    settle(found, identity_of(found));
}

TlsWatch::Found TlsWatch::look() const {
    auto texts = read_tls_files(files_);
    if (!texts) return {texts.error(), {}};
    return {{}, std::move(*texts)};
}

base::Result<TlsIdentity, std::string> TlsWatch::identity_of(const Found& found) const {
    if (!found.error.empty()) return base::Err{found.error};
    return TlsIdentity::parse(files_, found.texts);
}

// Whoever renews a certificate writes one file after the other. So what is good is taken at once,
// and what is not is complained of only when it is still there a look later.
void TlsWatch::on_tick() {
    timer_.set(loop_.now() + interval_);
    Found found = look();
    if (found == settled_) return doubtful_.reset();
    const auto identity = identity_of(found);
    if (identity.ok() || found == doubtful_) return settle(found, identity);
    doubtful_ = std::move(found);
}

void TlsWatch::settle(const Found& found, const base::Result<TlsIdentity, std::string>& identity) {
    settled_ = found;
    doubtful_.reset();
    if (identity) return events_.on_renewed(*identity);
    events_.on_refused(identity.error());
}

}  // namespace parley::shell
