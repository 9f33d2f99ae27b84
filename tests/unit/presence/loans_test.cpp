#include <doctest/doctest.h>

#include <algorithm>

#include "common/cluster/base64.h"
#include "controller/cluster/borrower.h"
#include "controller/cluster/lender.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::clustering;

namespace {

constexpr WorkerIndex kLent = 1;  // of the home, which has one of its own

cluster::Beat beat_of(const std::string& server, double capacity, double used,
                      const std::string& region = "") {
    cluster::Beat beat;
    beat.server = server;
    beat.incarnation = 7;
    beat.number = 1;
    beat.region = region;
    beat.link = "ws://" + server + "/";
    beat.link_key = "key of " + server;
    beat.load.capacity = capacity;
    beat.load.used = used;
    return beat;
}

// A home whose controller has just asked for a worker, and what its beats told it of others.
struct Home {
    explicit Home(std::vector<cluster::Beat> beats) {
        server.start();
        for (const cluster::Beat& beat : beats) directory.on_beat(server.now, beat);
    }
    Borrower::Around around() { return {server.now, directory, server.core(), out, links}; }
    template <typename Call>
    void run(Call call) {
        links.clear();
        auto here = around();
        call(here);
    }
    void borrow() {
        run([&](auto& here) { borrower.borrow(here, {kLent, {}}); });
    }
    // Whom it asks now; "" when nobody.
    std::string asks() const {
        for (const LinkOutput& output : links) {
            if (const auto* dial = std::get_if<Dial>(&output)) return dial->address;
        }
        return "";
    }
    LinkId loan() const {
        for (const LinkOutput& output : links) {
            if (const auto* dial = std::get_if<Dial>(&output)) return dial->link;
        }
        FAIL("nobody is asked");
        return 0;
    }
    std::string said() const {
        for (const LinkOutput& output : links) {
            if (const auto* text = std::get_if<SendLink>(&output)) return text->text;
        }
        return "";
    }
    bool hangs_up() const {
        return std::any_of(links.begin(), links.end(), [](const LinkOutput& output) {
            return std::holds_alternative<HangUp>(output);
        });
    }

    test::ModelServer server{{.server = "home", .workers = 1, .loans = 1}};
    Directory directory;
    Borrower borrower{"home", "eu"};
    Outputs out;
    LinkOutputs links;
};

// A server that takes one loan, as connection 1.
struct Shop {
    explicit Shop(bool starts = true) {
        if (starts) server.start();
        lender.on_connect(server.now, 1, "10.0.0.2");
    }
    void hear(const std::string& text) {
        out.clear();
        workers.clear();
        Lender::Around around{server.now, server.core(), spare, out, workers};
        lender.on_message(around, 1, text);
    }
    void greet() {
        hear(write_link_frame(LinkHello{.from = "home", .to = "shop", .key = "secret"}));
        REQUIRE(workers.size() == 1);
        lender.on_worker_open(1, out);
    }
    const CloseConnection* closed() const {
        for (const Output& output : out) {
            if (const auto* close = std::get_if<CloseConnection>(&output)) return close;
        }
        return nullptr;
    }

    test::ModelServer server{{.workers = 2}};
    Lender lender{"shop", "secret"};
    bool spare = true;
    Outputs out;
    LenderOutputs workers;
};

}  // namespace

TEST_CASE("the server with the most to spare is asked first, those of the region before others") {
    Home home({beat_of("a", 4, 1), beat_of("b", 2, 1.5, "eu"), beat_of("c", 2, 1, "eu"),
               beat_of("full", 4, 3.95, "eu"), beat_of("home", 9, 0, "eu")});
    home.borrow();
    CHECK(home.asks() == "ws://c/");
    const auto refuse = [&] {
        const LinkId loan = home.loan();
        home.run([&](auto& here) { home.borrower.on_closed(here, loan, "capacity"); });
    };
    refuse();
    CHECK(home.asks() == "ws://b/");
    refuse();
    CHECK(home.asks() == "ws://a/");
    refuse();
    CHECK(home.asks().empty());
    CHECK(home.borrower.loans() == 0);
}

TEST_CASE("who drains or is overloaded is not asked") {
    auto drains = beat_of("a", 4, 0), overloaded = beat_of("b", 4, 0);
    drains.state = cluster::ServerState::Draining;
    overloaded.load.overloaded = true;
    Home home({drains, overloaded});
    home.borrow();
    CHECK(home.asks().empty());
}

TEST_CASE("hello shows the lender's key, and what is no welcome asks the next one") {
    Home home({beat_of("a", 4, 1), beat_of("b", 4, 2)});
    home.borrow();
    const LinkId loan = home.loan();
    home.run([&](auto& here) { home.borrower.on_open(loan, here.links); });
    const auto hello = parse_link_frame(home.said());
    REQUIRE(hello.ok());
    CHECK(std::get<LinkHello>(*hello).key == "key of a");
    CHECK(std::get<LinkHello>(*hello).to == "a");
    home.run([&](auto& here) { home.borrower.on_message(here, loan, "{}"); });
    CHECK(home.hangs_up());
    CHECK(home.asks() == "ws://b/");
    home.run([&](auto& here) { home.borrower.on_message(here, loan, "late"); });
    CHECK(home.links.empty());
}

TEST_CASE("frames go both ways once the lender has said welcome") {
    Home home({beat_of("a", 4, 1)});
    home.borrow();
    const LinkId loan = home.loan();
    const std::vector<uint8_t> frame = {1, 2, 3};
    home.run([&](auto& here) { home.borrower.send(kLent, frame, here.links); });
    CHECK(home.said().empty());
    home.run([&](auto& here) {
        home.borrower.on_message(here, loan, write_link_frame(LinkWelcome{.worker = 3}));
    });
    home.run([&](auto& here) { home.borrower.send(kLent, frame, here.links); });
    CHECK(home.said() == "AQID");
    home.run([&](auto& here) { home.borrower.on_message(here, loan, "AQI"); });
    CHECK(home.hangs_up());
    CHECK_FALSE(home.borrower.has(kLent));
}

TEST_CASE("a worker that is given back is hung up, and nothing more is heard of it") {
    Home home({beat_of("a", 4, 1)});
    home.borrow();
    const LinkId loan = home.loan();
    home.run([&](auto& here) { home.borrower.give_back(kLent, here.links); });
    CHECK(home.hangs_up());
    home.run([&](auto& here) { home.borrower.on_closed(here, loan, "too late"); });
    CHECK(home.links.empty());
    CHECK(home.out.empty());
}

TEST_CASE("a worker is asked back from its lender alone, as soon as that is heard of") {
    Home home({beat_of("a", 4, 1)});
    const BorrowWorker wanted{kLent, LentWorker{"b", 3}};
    home.run([&](auto& here) { home.borrower.borrow(here, wanted); });
    CHECK(home.asks().empty());
    home.directory.on_beat(home.server.now, beat_of("b", 1, 1));
    home.run([&](auto& here) { home.borrower.on_news(here); });
    CHECK(home.asks() == "ws://b/");
    const LinkId loan = home.loan();
    home.run([&](auto& here) { home.borrower.on_open(loan, here.links); });
    const auto hello = parse_link_frame(home.said());
    REQUIRE(hello.ok());
    CHECK(std::get<LinkHello>(*hello).worker == 3u);
    home.run([&](auto& here) { home.borrower.on_closed(here, loan, "gone"); });
    CHECK(home.asks().empty());
    CHECK(home.borrower.loans() == 0);
}

TEST_CASE(
    "a worker that is asked back is lent again, also by a server that drains; another is not") {
    for (const WorkerIndex theirs : {1u, 2u}) {
        Shop shop;
        shop.spare = false;
        shop.hear(write_link_frame(
            LinkHello{.from = "home", .to = "shop", .key = "secret", .worker = theirs}));
        CHECK((shop.closed() == nullptr) == (theirs == 1));
        CHECK(shop.workers.size() == (theirs == 1 ? 1 : 0));
    }
}

TEST_CASE("who shows the key is lent the lightest worker, and talks to it") {
    Shop shop;
    shop.hear(write_link_frame(LinkHello{.from = "home", .to = "shop", .key = "secret"}));
    REQUIRE(shop.workers.size() == 1);
    const auto opened = std::get<OpenWorker>(shop.workers[0]);
    CHECK(opened.loan == 1);
    shop.out.clear();
    shop.lender.on_worker_open(1, shop.out);
    const LinkWelcome welcome{.worker = opened.worker};
    CHECK(std::get<SendText>(shop.out.at(0)).text == write_link_frame(welcome));
    shop.hear("AQID");
    CHECK(std::get<TellWorker>(shop.workers.at(0)).frame == std::vector<uint8_t>{1, 2, 3});
    shop.out.clear();
    shop.lender.on_worker_frame(1, std::vector<uint8_t>{4}, shop.out);
    CHECK(std::get<SendText>(shop.out.at(0)).text == "BA==");
    shop.lender.on_worker_closed(1, "killed", shop.out);
    REQUIRE(shop.closed());
    CHECK(shop.closed()->code == kLoanOver);
}

TEST_CASE("a wrong key, another server's, or no hello is refused") {
    for (const LinkHello& hello : {LinkHello{.from = "home", .to = "shop", .key = "secreT"},
                                   LinkHello{.from = "home", .to = "shop", .key = ""},
                                   LinkHello{.from = "home", .to = "other", .key = "secret"}}) {
        Shop shop;
        shop.hear(write_link_frame(hello));
        REQUIRE(shop.closed());
        CHECK(shop.closed()->code == kLoanWrongKey);
        CHECK(shop.workers.empty());
        shop.hear("AQID");
        CHECK(shop.workers.empty());
    }
    for (const std::string& text : {std::string(), std::string("AQID"), std::string("{}"),
                                    write_link_frame(LinkPing{}), std::string(100'000, '[')}) {
        Shop shop;
        shop.hear(text);
        REQUIRE(shop.closed());
        CHECK(shop.closed()->code == kLoanMalformed);
    }
}

TEST_CASE("who says no hello in time is closed") {
    Shop shop;
    CHECK(shop.lender.next_deadline() == shop.server.now + 3s);
    shop.lender.on_deadline(shop.server.now + 3s, shop.out);
    REQUIRE(shop.closed());
    CHECK(shop.lender.next_deadline().is_never());
}

TEST_CASE("a server that drains, or whose workers do not run, lends nothing") {
    Shop drains;
    drains.spare = false;
    Shop starts(false);
    for (Shop* shop : {&drains, &starts}) {
        shop->hear(write_link_frame(LinkHello{.from = "home", .to = "shop", .key = "secret"}));
        REQUIRE(shop->closed());
        CHECK(shop->closed()->code == kLoanCapacity);
    }
}

TEST_CASE("what is no frame ends the loan, and the worker is left") {
    Shop shop;
    shop.greet();
    shop.hear("not base64");
    REQUIRE(shop.closed());
    CHECK(shop.closed()->code == kLoanMalformed);
    REQUIRE(shop.workers.size() == 1);
    CHECK(std::holds_alternative<LeaveWorker>(shop.workers[0]));
}

TEST_CASE("when the borrower hangs up the worker is left, whenever that is") {
    for (const bool welcome : {false, true}) {
        Shop shop;
        shop.hear(write_link_frame(LinkHello{.from = "home", .to = "shop", .key = "secret"}));
        if (welcome) shop.lender.on_worker_open(1, shop.out);
        shop.workers.clear();
        shop.lender.on_disconnect(1, shop.workers);
        REQUIRE(shop.workers.size() == 1);
        CHECK_FALSE(shop.lender.is_loan(1));
        shop.lender.on_worker_open(1, shop.out);  // too late
    }
}
