#include "controller/wiring/server_id.h"

#include "common/cluster/ids.h"
#include "common/shell/files.h"
#include "common/shell/random.h"

namespace parley::controller {

namespace {

constexpr size_t kFileBytes = 256;

std::string new_server_id() {
    constexpr std::string_view kAlphabet = "abcdefghijkmnopqrstuvwxyz23456789";
    shell::SystemRandom random;
    std::string id = "server-";
    for (int i = 0; i < 12; ++i) id += kAlphabet[random.below(kAlphabet.size())];
    return id;
}

}  // namespace

base::Result<std::string, std::string> server_id(const Config& config,
                                                 const std::string& run_directory) {
    if (!config.server_id.empty()) return config.server_id;
    const std::string path =
        config.server_id_file.empty() ? run_directory + "/server-id" : config.server_id_file;
    if (auto text = shell::read_file(path, kFileBytes)) {
        while (!text->empty() && (text->back() == '\n' || text->back() == ' ')) text->pop_back();
        if (cluster::is_id(*text)) return std::move(*text);
        return base::Err{"server-id-file " + path + ": wanted " + std::string(cluster::kIdWanted)};
    }
    const std::string id = new_server_id();
    const auto written = shell::append_to_file(path, id + "\n");
    if (!written) return base::Err{"server-id-file " + written.error()};
    return id;
}

}  // namespace parley::controller
