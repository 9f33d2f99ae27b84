#pragma once

#include <deque>
#include <string>
#include <vector>

#include "controller/core.h"

namespace parley::controller::control {

// The live table of workers: rates over the last few samples.
class Top {
public:
    void on_sample(Instant now, std::vector<WorkerInfo> workers);

    size_t samples() const { return samples_.size(); }

    // REQUIRES: two samples.
    std::string text() const;
    std::string json() const;  // one line

private:
    struct Sample {
        Instant at;
        std::vector<WorkerInfo> workers;
    };
    struct Rates {
        const WorkerInfo* worker = nullptr;  // nullptr: the sum of all
        uint32_t rooms = 0, transports = 0;
        double cpu_percent = 0, packets_in = 0, packets_out = 0, bits_out = 0, drops = 0;
    };
    std::vector<Rates> rates() const;  // of each worker, and of all

    std::deque<Sample> samples_;
};

}  // namespace parley::controller::control
