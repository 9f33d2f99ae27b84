#include "common/shell/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace parley::shell {

namespace {

std::string failure(const std::string& path) {
    return path + ": " + std::strerror(errno);
}

}  // namespace

base::Result<std::string, std::string> read_file(const std::string& path, size_t most_bytes) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return base::Err{failure(path)};
    std::string text;
    char room[16 * 1024];
    for (;;) {
        const ssize_t got = read(file.get(), room, sizeof room);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return base::Err{failure(path)};
        if (got == 0) return text;
        text.append(room, static_cast<size_t>(got));
        if (text.size() > most_bytes) {
            return base::Err{path + ": longer than " + std::to_string(most_bytes) + " bytes"};
        }
    }
}

base::Result<base::Unit, std::string> make_private_directory(const std::string& path) {
    for (size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
        mkdir(path.substr(0, slash).c_str(), 0755);  // what is missing shows itself below
    }
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return base::Err{failure(path)};
    struct stat found {};
    if (lstat(path.c_str(), &found) != 0) return base::Err{failure(path)};
    if (!S_ISDIR(found.st_mode)) return base::Err{path + ": not a directory"};
    if (found.st_uid != geteuid()) return base::Err{path + ": belongs to another user"};
    if ((found.st_mode & 077) != 0) {
        return base::Err{path + ": open to other users; chmod 700 it"};
    }
    return base::Unit{};
}

base::Result<Fd, std::string> open_to_append(const std::string& path) {
    Fd file(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return base::Err{failure(path)};
    return file;
}

base::Result<base::Unit, std::string> append_to_file(const std::string& path,
                                                     const std::string& text) {
    const auto file = open_to_append(path);
    if (!file) return base::Err{file.error()};
    const ssize_t written = write(file->get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) return base::Err{failure(path)};
    return base::Unit{};
}

void remove_file(const std::string& path) {
    unlink(path.c_str());
}

bool is_executable(const std::string& path) {
    return access(path.c_str(), X_OK) == 0;
}

std::string program_directory() {
    char path[PATH_MAX];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
    const std::string program(path, size > 0 ? static_cast<size_t>(size) : 0);
    return program.substr(0, std::min(program.rfind('/'), program.size()));
}

}  // namespace parley::shell
