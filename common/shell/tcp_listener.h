#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/shell/fd.h"
#include "common/shell/loop.h"
#include "worker/net/address.h"

namespace parley::shell {

// Listens on one TCP address and hands out the connections that come in, not blocking and not
// inherited by children.
class TcpListener {
public:
    using OnAccept = std::function<void(Fd connection, net::Address remote)>;

    // Port 0 takes a free one. An IPv6 address takes no IPv4 connections. The error names the
    // address.
    static base::Result<std::unique_ptr<TcpListener>, std::string> listen(
        Loop& loop, const net::Address& address, OnAccept on_accept);

    const net::Address& address() const { return address_; }  // with the port that was taken

private:
    TcpListener(Loop& loop, Fd socket, const net::Address& address, OnAccept on_accept);

    void watch();
    void on_readable();

    Loop& loop_;
    Fd socket_;
    net::Address address_;
    OnAccept on_accept_;
    Timer resume_;
    std::unique_ptr<Watch> watch_;  // none while there are no descriptors to accept with
};

}  // namespace parley::shell
