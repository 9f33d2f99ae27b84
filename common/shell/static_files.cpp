#include "common/shell/static_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "common/shell/files.h"

namespace parley::shell {

namespace {

constexpr size_t kFileBytes = 32 * 1024 * 1024;

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".css", "text/css; charset=utf-8"},
    {".gif", "image/gif"},
    {".html", "text/html; charset=utf-8"},
    {".ico", "image/x-icon"},
    {".jpg", "image/jpeg"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".md", "text/markdown; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".mp3", "audio/mpeg"},
    {".ogg", "audio/ogg"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".wasm", "application/wasm"},
    {".wav", "audio/wav"},
    {".webm", "video/webm"},
    {".webmanifest", "application/manifest+json"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".yaml", "application/yaml"},
};

HttpResponse plain(uint16_t status, std::string text) {
    return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(text)};
}

// False for a path that may be meant to lead elsewhere, or to what is hidden.
bool is_proper(std::string_view path) {
    if (path.empty() || path[0] != '/') return false;
    if (path.find('\0') != path.npos || path.find('\\') != path.npos) return false;
    return path.find("/.") == path.npos;
}

// The real file of a path below `root`, or nothing when there is none or it is elsewhere.
std::optional<std::string> find_file(const std::string& root, const std::string& path) {
    std::error_code failed;
    const auto real_root = std::filesystem::canonical(root, failed);
    if (failed) return std::nullopt;
    auto real = std::filesystem::canonical(root + path, failed);
    if (failed) return std::nullopt;
    if (std::filesystem::is_directory(real, failed)) {
        real = std::filesystem::canonical(real / "index.html", failed);
        if (failed) return std::nullopt;
    }
    const auto [end, rest] = std::mismatch(real_root.begin(), real_root.end(), real.begin(),
                                           real.end());
    if (end != real_root.end() || !std::filesystem::is_regular_file(real, failed)) {
        return std::nullopt;
    }
    return real.string();
}

std::string_view last_part(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

// "name-XXXXXXXX.ext" with eight characters as bundlers write them.
bool holds_hash(std::string_view name) {
    const size_t dash = name.rfind('-');
    if (dash == name.npos || name.find('.', dash) != dash + 9) return false;
    const std::string_view hash = name.substr(dash + 1, 8);
    return std::all_of(hash.begin(), hash.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

std::string tag_of(const struct stat& file) {
    return "\"" + std::to_string(file.st_size) + "-" + std::to_string(file.st_mtim.tv_sec) + "-" +
           std::to_string(file.st_mtim.tv_nsec) + "\"";
}

}  // namespace

std::string_view content_type_of(std::string_view name) {
    const size_t dot = name.rfind('.');
    if (dot == name.npos) return "application/octet-stream";
    for (const auto& [ending, type] : kTypes) {
        if (name.substr(dot) == ending) return type;
    }
    return "application/octet-stream";
}

HttpResponse StaticFiles::answer(const HttpRequest& request) const {
    if (request.method != HttpMethod::Get && request.method != HttpMethod::Head) {
        HttpResponse refused = plain(405, "only GET and HEAD\n");
        refused.headers.emplace_back("allow", "GET, HEAD");
        return refused;
    }
    if (!is_proper(request.path)) return plain(404, "no such page\n");
    auto path = find_file(directory_, request.path);
    if (!path && last_part(request.path).find('.') == std::string_view::npos) {
        path = find_file(directory_, "/index.html");
    }
    struct stat file;
    if (!path || stat(path->c_str(), &file) != 0) return plain(404, "no such page\n");

    const bool keep = holds_hash(last_part(*path));
    HttpResponse found;
    found.headers = {
        {"content-type", std::string(content_type_of(*path))},
        {"cache-control", keep ? "public, max-age=31536000, immutable" : "no-cache"},
        {"etag", tag_of(file)},
        {"x-content-type-options", "nosniff"},
        {"access-control-allow-origin", "*"},
    };
    if (request.if_none_match.find(tag_of(file)) != std::string::npos) {
        found.status = 304;
        return found;
    }
    auto body = read_file(*path, kFileBytes);
    if (!body) return plain(404, "no such page\n");
    found.body = std::move(*body);
    return found;
}

}  // namespace parley::shell
