#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/base/result.h"
#include "controller/core.h"

// What two servers say to each other over their link: a WebSocket of the subprotocol `parley-link`,
// one JSON object in each text frame. It carries the signalling of many clients. docs/link.md.
namespace parley::controller::clustering {

constexpr std::string_view kLinkProtocol = "parley-link";
constexpr uint32_t kLinkVersion = 1;

// A client's message is at most 64 KiB and what is said to it at most kTextBytes; in JSON a byte
// may become six.
constexpr size_t kTextBytes = 1024 * 1024;
constexpr size_t kLinkFrameBytes = 6 * kTextBytes + 4096;
constexpr uint64_t kNumberMost = 1ull << 53;
constexpr size_t kSessionBytes = 256;      // more is no session of ours
constexpr size_t kCloseReasonBytes = 123;  // RFC 6455 §5.5

// The first frame of whoever connects: to whom it thinks it speaks, and the key which that server
// says in its beats. The version is the highest that it knows.
struct LinkHello {
    uint32_t version = kLinkVersion;
    std::string from;
    std::string to;
    std::string key;
    std::optional<WorkerIndex> worker = {};  // of a loan: this one, and no other
};
// Its answer: the version that both go on with.
struct LinkWelcome {
    uint32_t version = kLinkVersion;
    std::optional<WorkerIndex> worker = {};  // of a loan: which one of the lender's it is
};
// A client wants into a room. Numbers of connections only grow; none is used twice.
struct LinkOpen {
    uint64_t connection = 0;
    Admission admission;
};
// A message of the client, or to it.
struct LinkText {
    uint64_t connection = 0;
    std::string text;
};
// The client is gone, or is to go, with this code. No more of it follows.
struct LinkClose {
    uint64_t connection = 0;
    uint16_t code = 1000;
    std::string reason = {};
};
// Said in silence, so that the other end knows that this one lives.
struct LinkPing {};

using LinkFrame = std::variant<LinkHello, LinkWelcome, LinkOpen, LinkText, LinkClose, LinkPing>;

// Every frame is checked here, once. The error is one line for people.
base::Result<LinkFrame, std::string> parse_link_frame(std::string_view text);
std::string write_link_frame(const LinkFrame& frame);

}  // namespace parley::controller::clustering
