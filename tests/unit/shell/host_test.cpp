#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/shell/files.h"
#include "common/shell/foreign_process.h"
#include "common/shell/interfaces.h"
#include "common/shell/process.h"
#include "tests/unit/shell/drive.h"
#include "tests/unit/shell/temporary_directory.h"

using namespace parley;
using namespace parley::shell;

TEST_CASE("a private directory is made with those above it, and taken when it is there") {
    const TemporaryDirectory place;
    const std::string path = place.path("a/b/c");
    REQUIRE(make_private_directory(path).ok());
    struct stat found {};
    REQUIRE(stat(path.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0700);
    CHECK(make_private_directory(path).ok());
}

TEST_CASE("a directory that others can look into, a link and a file are refused") {
    const TemporaryDirectory place;
    const std::string open = place.path("open"), link = place.path("link");
    REQUIRE(make_private_directory(open).ok());
    REQUIRE(symlink(open.c_str(), link.c_str()) == 0);
    CHECK(!make_private_directory(link).ok());
    REQUIRE(chmod(open.c_str(), 0755) == 0);
    CHECK(!make_private_directory(open).ok());
    REQUIRE(open_to_append(place.path("file")).ok());
    CHECK(!make_private_directory(place.path("file")).ok());
}

TEST_CASE("a file is read whole, within its bound") {
    const TemporaryDirectory place;
    const std::string path = place.path("file");
    for (int i = 0; i < 2; ++i) {
        const auto file = open_to_append(path);
        REQUIRE(file.ok());
        REQUIRE(write(file->get(), "hello", 5) == 5);
    }
    CHECK(read_file(path, 10).value() == "hellohello");
    CHECK(!read_file(path, 9).ok());
    remove_file(path);
    const auto gone = read_file(path, 10);
    REQUIRE(!gone.ok());
    CHECK(gone.error().find(path) != std::string::npos);
}

TEST_CASE("the machine has a loopback address, told first, and a processor") {
    const auto addresses = local_addresses();
    REQUIRE(!addresses.empty());
    CHECK((addresses[0] == "127.0.0.1" || addresses[0] == "::1"));
    CHECK(std::count(addresses.begin(), addresses.end(), addresses[0]) == 1);
    CHECK(processors() >= 1);
}

TEST_CASE("a program knows where it lies") {
    CHECK(is_executable(program_directory() + "/unit_shell"));
}

TEST_CASE("the end of a foreign process is seen, and it can be ended") {
    Loop loop;
    bool reaped = false, seen = false;
    const auto child =
        Process::start(loop, {.file = "sleep", .args = {"1000"}}, [&](Exit) { reaped = true; });
    REQUIRE(child.ok());
    const auto foreign = ForeignProcess::open(loop, (*child)->pid(), [&] { seen = true; });
    REQUIRE(foreign);
    CHECK(!drive(
        loop, [&] { return seen; }, 50ms));
    foreign->kill(9);
    CHECK(drive(loop, [&] { return seen && reaped; }));
    CHECK(!ForeignProcess::open(loop, (*child)->pid(), [] {}));
}
