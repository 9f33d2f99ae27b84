#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "common/shell/loop.h"

namespace parley::shell {

// Hears the given signals in a turn of the loop, instead of what they would do; SIGPIPE is ignored
// from here on, for the whole process.
class Signals {
public:
    Signals(Loop& loop, std::span<const int> numbers, std::function<void(int number)> on_signal);

private:
    std::function<void(int)> on_signal_;
    std::vector<std::unique_ptr<UvHandle<uv_signal_t>>> handles_;
};

}  // namespace parley::shell
