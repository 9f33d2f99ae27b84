#include "tests/bench/forward/options.h"

#include "tests/bench/forward/failure.h"

namespace parley::bench {

Options parse_options(std::span<const std::string_view> arguments) {
    Options options;
    for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view flag = arguments[i];
        const auto value = [&] {
            require(i + 1 < arguments.size(), std::string(flag) + " wants a value");
            return std::string(arguments[++i]);
        };
        if (flag == "--json") options.json = true;
        else if (flag == "--check") options.check = true;
        else if (flag == "--quick") options.quick = true;
        else if (flag == "--help" || flag == "-h") options.help = true;
        else if (flag == "--only") options.only = value();
        else if (flag == "--worker") options.files.worker = value();
        else if (flag == "--allocation-counter") options.files.allocation_counter = value();
        else throw Failure("no such flag: " + std::string(flag) + "; see --help");
    }
    return options;
}

std::string_view usage_text() {
    return R"(usage: script/bench forward [--json] [--check] [--quick] [--only TEXT]

What forwarding one packet of voice costs, through real transports of a real worker, beside a bare
loop of the same packets to the same sockets: recvmmsg, unprotect, rewrite, protect on OpenSSL's
EVP, sendmmsg. Worker and bare loop run on one processor, generator and sink on another; they take
turns, three runs each, and the medians are printed.

  --json   one JSON object per line instead of the table
  --check  exit with 1 when a bar is not kept; the bars are printed in any case
  --quick  a smoke test of some seconds: everything said is heard, and nothing is allocated;
           its times mean little
  --only   the cases whose name contains TEXT

us/packet    CPU time of the process by the scheduler's clock for each RTP packet sent, soft
             interrupts included; on loopback those are also the receiver's work
saturation   eight spoken packets are always on their way. Several that wait for one listener then
             leave in one UDP_SEGMENT message, which the bare loop does not know
moderate     30,000 packets a second out; where everybody talks or there are many rooms, 50 packets
             a second from each speaker
p99          from speaker to listener, 99 % of the packets that the sink decrypted: at the moderate
             rate all of them, at saturation samples that mostly tell of the queue
allocations  calls for memory in the worker while packets are forwarded, for each packet sent
KiB          growth of the worker's resident memory for each listener: transport, keys, consumers

Runs in which generator, worker or bare loop waited for its processor are repeated, once at most.
Exits with 1 when a packet is lost or anything is heard that was not said.
)";
}

}  // namespace parley::bench
