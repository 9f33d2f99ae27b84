#include "tests/fuzz/corpus.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/bus.h"
#include "tests/fuzz/http_requests.h"
#include "tests/fuzz/stage.h"

namespace parley::fuzz {

namespace {

Message bytes_of(const Datagram& datagram) {
    return datagram.bytes;
}
Message bytes_of(const Message& message) {
    return message;
}
Message bytes_of(const std::string& text) {
    return {text.begin(), text.end()};
}

// As the target takes it: the path, and behind a zero the body.
Message bytes_of(const controller::api::Request& request) {
    return bytes_of(request.path + '\0' + request.body);
}

template <typename Messages>
bool write(const std::filesystem::path& directory, const Messages& messages) {
    std::filesystem::create_directories(directory);
    size_t number = 0;
    for (const auto& message : messages) {
        const Message bytes = bytes_of(message);
        std::ofstream file(directory / std::to_string(number++), std::ios::binary);
        file.write(reinterpret_cast<const char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
        if (!file) return false;
    }
    return true;
}

}  // namespace

bool write_corpus(const std::string& directory, uint64_t seed) {
    Stage stage(seed);
    stage.rehearse();
    const Recording& said = stage.recording();
    const std::filesystem::path root(directory);
    const bool written = write(root / "stun", said.stun) && write(root / "dtls", said.dtls) &&
                         write(root / "rtp", said.rtp) && write(root / "rtcp", said.rtcp) &&
                         write(root / "pipe_requests", said.to_worker) &&
                         write(root / "pipe_replies", said.from_worker) &&
                         write(root / "protoo", said.to_server) &&
                         write(root / "http", http_requests()) && write(root / "amqp", letters());
    if (!written) std::fprintf(stderr, "mutations: cannot write to %s\n", directory.c_str());
    return written;
}

}  // namespace parley::fuzz
