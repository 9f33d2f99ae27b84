#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "controller/cluster/link_frames.h"

// How a server uses a worker of another: by a WebSocket of the subprotocol `parley-worker`, one for
// each loan. It begins as a link does, with hello and welcome; from there on each message is one
// frame of the worker's pipe in base64, either way. docs/link.md.
namespace parley::controller::clustering {

constexpr std::string_view kLoanProtocol = "parley-worker";
constexpr size_t kLoanFrameBytes = 64 * 1024 * 1024 / 3 * 4 + 4;  // of the longest pipe frame

// Why a lender closes a loan.
constexpr uint16_t kLoanMalformed = 4400;
constexpr uint16_t kLoanWrongKey = 4401;
constexpr uint16_t kLoanCapacity = 4429;  // it has no worker to spare
constexpr uint16_t kLoanOver = 4410;      // the worker is gone

}  // namespace parley::controller::clustering
