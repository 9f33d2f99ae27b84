#include "common/shell/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace parley::shell {

namespace {

constexpr int kBacklog = 16;

struct UnixAddress {
    sockaddr_un name{};
    socklen_t size = 0;
};

Fd new_socket() {
    return Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// False when the path is longer than the kernel's room for it.
bool write_address(const std::string& path, UnixAddress& out) {
    if (path.empty() || path.size() >= sizeof out.name.sun_path) return false;
    out.name.sun_family = AF_UNIX;
    std::memcpy(out.name.sun_path, path.data(), path.size());
    out.size = sizeof out.name;
    return true;
}

base::Err<std::string> failed(const std::string& what, const std::string& path, int error) {
    return base::Err{what + " " + path + ": " + std::strerror(error)};
}

const sockaddr* any(const UnixAddress& address) {
    return reinterpret_cast<const sockaddr*>(&address.name);
}

}  // namespace

base::Result<Fd, std::string> connect_unix(const std::string& path) {
    UnixAddress address;
    if (!write_address(path, address)) return failed("cannot connect to", path, ENAMETOOLONG);
    Fd fd = new_socket();
    if (!fd || connect(fd.get(), any(address), address.size) != 0) {
        return failed("cannot connect to", path, errno);
    }
    return fd;
}

base::Result<Fd, std::string> listen_unix(const std::string& path) {
    UnixAddress address;
    if (!write_address(path, address)) return failed("cannot listen on", path, ENAMETOOLONG);
    const Fd probe = new_socket();
    if (!probe) return failed("cannot listen on", path, errno);
    if (connect(probe.get(), any(address), address.size) == 0 || errno == EAGAIN) {
        return failed("cannot listen on", path, EADDRINUSE);
    }
    struct stat file;
    if (errno == ECONNREFUSED && stat(path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode)) {
        unlink(path.c_str());
    }
    Fd fd = new_socket();
    // The file takes the mode of the socket: nobody else can open it, not even for a moment.
    if (!fd || fchmod(fd.get(), 0600) != 0 || bind(fd.get(), any(address), address.size) != 0 ||
        listen(fd.get(), kBacklog) != 0) {
        return failed("cannot listen on", path, errno);
    }
    return fd;
}

}  // namespace parley::shell
