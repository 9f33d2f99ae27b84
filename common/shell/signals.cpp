#include "common/shell/signals.h"

#include <csignal>

#include "common/base/ensure.h"

namespace parley::shell {

Signals::Signals(Loop& loop, std::span<const int> numbers,
                 std::function<void(int number)> on_signal)
    : on_signal_(std::move(on_signal)) {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ENSURE(sigaction(SIGPIPE, &ignore, nullptr) == 0);
    const auto on_uv = [](uv_signal_t* signal, int number) {
        static_cast<Signals*>(signal->data)->on_signal_(number);
    };
    for (const int number : numbers) {
        handles_.push_back(std::make_unique<UvHandle<uv_signal_t>>(this));
        ENSURE(uv_signal_init(loop.uv(), handles_.back()->get()) == 0);
        ENSURE(uv_signal_start(handles_.back()->get(), on_uv, number) == 0);
        uv_unref(handles_.back()->base());  // it alone is no reason to wait
    }
}

}  // namespace parley::shell
