#include "common/shell/tls_watch.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/shell/drive.h"
#include "tests/unit/shell/temporary_directory.h"
#include "tests/unit/shell/tls_server.h"

using namespace parley;
using namespace parley::shell;

namespace {

// A watch that looks often, and what it said.
struct Watched {
    explicit Watched(base::Duration interval = 5ms)
        : files{directory.path("certificate.pem"), directory.path("key.pem")} {
        write(first);
        watch = std::make_unique<TlsWatch>(
            loop, files, *read_tls_files(files), interval,
            TlsWatch::Events{
                [this](const TlsIdentity& identity) { renewed.push_back(identity.text()); },
                [this](const std::string& why) { refused.push_back(why); }});
    }
    void write(const SelfSigned& made) {
        directory.write("certificate.pem", made.pem());
        directory.write("key.pem", made.key_pem());
    }
    template <typename Done>
    bool until(Done done) {
        return drive(loop, done);
    }
    // Lets the watch look several times: nothing else wakes the loop.
    void look_on() {
        int looks = 0;
        CHECK(until([&] { return ++looks > 5; }));
    }

    SelfSigned first{"DNS:first.example"}, second{"DNS:second.example"};
    TemporaryDirectory directory;
    TlsFiles files;
    Loop loop;
    std::vector<std::string> renewed, refused;
    std::unique_ptr<TlsWatch> watch;
};

}  // namespace

TEST_CASE("files that change are noticed, and those that do not are not mentioned") {
    Watched watched;
    watched.look_on();
    CHECK(watched.renewed.empty());
    watched.write(watched.second);
    REQUIRE(watched.until([&] { return !watched.renewed.empty(); }));
    watched.look_on();
    REQUIRE(watched.renewed.size() == 1);
    CHECK(watched.renewed[0].find("DNS:second.example") == 0);
    CHECK(watched.refused.empty());
}

TEST_CASE("a link that leads elsewhere is a change, as certbot and Kubernetes make it") {
    Watched watched;
    watched.directory.write("2/certificate.pem", watched.second.pem());
    watched.directory.write("2/key.pem", watched.second.key_pem());
    for (const char* name : {"certificate.pem", "key.pem"}) {
        std::filesystem::create_symlink(watched.directory.path(std::string("2/") + name),
                                        watched.directory.path("link"));
        std::filesystem::rename(watched.directory.path("link"), watched.directory.path(name));
    }
    CHECK(watched.until([&] { return watched.renewed.size() == 1; }));
    CHECK(watched.refused.empty());
}

TEST_CASE("a certificate without its key is refused, once, and what follows is taken") {
    Watched watched;
    watched.directory.write("certificate.pem", watched.second.pem());
    REQUIRE(watched.until([&] { return !watched.refused.empty(); }));
    watched.look_on();
    REQUIRE(watched.refused.size() == 1);
    CHECK(watched.refused[0] ==
          watched.files.key + ": is not the key of " + watched.files.certificate);
    CHECK(watched.renewed.empty());
    std::filesystem::remove(watched.files.key);
    REQUIRE(watched.until([&] { return watched.refused.size() == 2; }));
    CHECK(watched.refused[1] == watched.files.key + ": No such file or directory");
    watched.write(watched.second);
    CHECK(watched.until([&] { return watched.renewed.size() == 1; }));
}

TEST_CASE("who asks is answered at once, good or bad, changed or not") {
    Watched watched(1h);
    watched.watch->reload();
    CHECK(watched.renewed.size() == 1);
    watched.directory.write("key.pem", "nonsense");
    watched.watch->reload();
    CHECK(watched.refused.size() == 1);
    CHECK(watched.renewed.size() == 1);
    watched.write(watched.second);
    watched.watch->reload();
    CHECK(watched.renewed.size() == 2);
}
