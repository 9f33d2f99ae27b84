#include "controller/config/load.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "controller/config/settings.h"
#include "controller/config/toml.h"

namespace parley::controller {

namespace {

constexpr std::string_view kConfigVariable = "PARLEY_CONFIG";

using Values = std::vector<std::string>;

// The command line as CLI11 reads it. Values stay text here: the settings judge them, whichever
// source they come from. CLI11's own environment and file handling is not used, because its file
// would win over the environment and its unknown keys are silent.
class CommandLine {
public:
    CommandLine()
        : app_("Parley, a voice server: the controller of one machine.", "parley-controller") {
        app_.add_option("--config", config_, "File with any of the keys below, as KEY = VALUE")
            ->type_name("FILE");
        app_.add_flag("--print-config", print_,
                      "Print the configuration that results, secrets included, and exit");
        given_.resize(settings().size());
        for (size_t i = 0; i < settings().size(); ++i) add(settings()[i], given_[i]);
        app_.footer(
            "Each flag is also a key of the file (KEY = VALUE) and a variable of the environment\n"
            "(PARLEY_KEY, lists separated by commas). Flags win over the environment, and the\n"
            "environment wins over the file. docs/configuration.md has the whole table.");
    }

    // False when it can not be read, or when help was asked for: said() tells.
    bool parse(Values arguments) {
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
        try {
            app_.parse(std::move(arguments));
        } catch (const CLI::CallForHelp&) {
            help_ = app_.help();
        } catch (const CLI::ParseError& error) {
            mistake_ = error.what();
        }
        return mistake_.empty() && help_.empty();
    }

    const std::string& mistake() const { return mistake_; }
    const std::string& help() const { return help_; }
    const std::string& config() const { return config_; }
    bool print() const { return print_; }
    const Values& given(size_t setting) const { return given_[setting]; }

private:
    void add(const Setting& setting, Values& values) {
        app_.add_option("--" + std::string(setting.key), values, std::string(setting.meaning))
            ->type_name(std::string(setting.value))
            ->expected(1)
            ->allow_extra_args(false)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }

    CLI::App app_;
    std::string config_;
    bool print_ = false;
    std::vector<Values> given_;
    std::string mistake_, help_;
};

Values split(std::string_view text) {
    Values parts;
    while (!text.empty()) {
        const size_t comma = std::min(text.find(','), text.size());
        parts.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

std::string joined(const Setting& setting, const Values& values) {
    if (setting.secret) return "the value (a secret, not shown)";
    std::string text;
    for (const std::string& value : values) text += (text.empty() ? "\"" : ", \"") + value + "\"";
    return text.empty() ? "no value" : text;
}

// Puts values into the configuration and remembers what was wrong with them.
class Reader {
public:
    void apply(const Setting& setting, const Values& values, const std::string& origin) {
        const bool count_fits = setting.list || values.size() == 1;
        Config trial = loaded.config;
        if (count_fits && setting.read(values, trial)) {
            loaded.config = std::move(trial);
            return;
        }
        mistakes.push_back(std::string(setting.key) + ": " + joined(setting, values) + " (from " +
                           origin + ") is not allowed: it takes " +
                           (setting.list ? "any number of values, each " : "one value, ") +
                           std::string(setting.allowed));
    }

    Loaded loaded;
    Mistakes mistakes;
};

const Setting* find_setting(std::string_view key) {
    for (const Setting& setting : settings()) {
        if (setting.key == key) return &setting;
    }
    return nullptr;
}

void read_file(Reader& reader, const std::string& path, const std::string& text) {
    const auto entries = parse_toml(text);
    if (!entries) {
        const FileError& error = entries.error();
        reader.mistakes.push_back("file " + path + " line " + std::to_string(error.line) + ": " +
                                  error.reason);
        return;
    }
    for (const FileEntry& entry : *entries) {
        const std::string origin = "file " + path + " line " + std::to_string(entry.line);
        if (const Setting* setting = find_setting(entry.key)) {
            reader.apply(*setting, entry.values, origin);
        } else {
            reader.mistakes.push_back(entry.key + ": there is no such key (" + origin +
                                      "); --help lists them");
        }
    }
}

void read_environment(Reader& reader, const std::map<std::string, std::string>& environment) {
    for (const Setting& setting : settings()) {
        const auto found = environment.find(environment_name(setting.key));
        if (found == environment.end()) continue;
        reader.apply(setting, setting.list ? split(found->second) : Values{found->second},
                     "environment " + found->first);
    }
    for (const auto& [name, value] : environment) {
        if (!name.starts_with("PARLEY_") || name == kConfigVariable) continue;
        const bool known = std::any_of(settings().begin(), settings().end(), [&](const Setting& s) {
            return environment_name(s.key) == name;
        });
        // Not an error: a container platform names variables after its services, unasked.
        if (!known) reader.loaded.warnings.push_back("the variable " + name + " means nothing");
    }
}

}  // namespace

std::optional<std::string> config_path(const Sources& sources) {
    CommandLine line;
    if (line.parse(sources.arguments) && !line.config().empty()) return line.config();
    const auto found = sources.environment.find(std::string(kConfigVariable));
    if (found == sources.environment.end() || found->second.empty()) return std::nullopt;
    return found->second;
}

base::Result<std::variant<Loaded, Say>, Mistakes> load_config(const Sources& sources) {
    CommandLine line;
    if (!line.parse(sources.arguments)) {
        if (!line.help().empty()) return std::variant<Loaded, Say>(Say{line.help()});
        return base::Err(Mistakes{line.mistake() + " (from the command line); --help lists all"});
    }
    Reader reader;
    if (sources.file_text) {
        read_file(reader, config_path(sources).value_or("?"), *sources.file_text);
    }
    read_environment(reader, sources.environment);
    for (size_t i = 0; i < settings().size(); ++i) {
        if (line.given(i).empty()) continue;
        reader.apply(settings()[i], line.given(i), "flag --" + std::string(settings()[i].key));
    }
    const Config& config = reader.loaded.config;
    if (config.tls_certificate.empty() != config.tls_key.empty()) {
        reader.mistakes.push_back("tls-certificate and tls-key: one of them alone is of no use");
    }
    if (config.turn_urls.empty() != config.turn_secret.empty()) {
        reader.mistakes.push_back("turn-url and turn-secret: one of them alone is of no use");
    }
    if (!reader.mistakes.empty()) return base::Err(std::move(reader.mistakes));
    if (line.print()) return std::variant<Loaded, Say>(Say{print_config(reader.loaded.config)});
    return std::variant<Loaded, Say>(std::move(reader.loaded));
}

std::string default_run_directory(const std::map<std::string, std::string>& environment,
                                  uint32_t user_id) {
    const auto found = environment.find("XDG_RUNTIME_DIR");
    if (found != environment.end() && !found->second.empty()) return found->second + "/parley";
    return "/tmp/parley-" + std::to_string(user_id);
}

}  // namespace parley::controller
