#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include <unistd.h>

#include "tests/sim/cluster.h"

using parley::sim::Cluster;

namespace {

std::string program;
std::string repeat;  // the line to say when the process is aborted

// Says after each scenario that failed which seed it had and how to run it alone.
struct SeedReporter final : doctest::IReporter {
    explicit SeedReporter(const doctest::ContextOptions&) {}

    void test_case_start(const doctest::TestCaseData& test) override {
        repeat = "repeat with: " + program + " --test-case='" + test.m_name + "'\n";
    }
    void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
        if (stats.failure_flags == 0) return;
        std::fprintf(stderr, "seed %llu, %s",
                     static_cast<unsigned long long>(Cluster::latest_seed()), repeat.c_str());
    }

    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats&) override {}
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("seed", 1, SeedReporter);

// An ENSURE of a core does not return to the scenario.
void on_abort(int) {
    const ssize_t written = write(STDERR_FILENO, repeat.data(), repeat.size());
    std::signal(SIGABRT, SIG_DFL);
    if (written >= 0) std::raise(SIGABRT);
}

}  // namespace

int main(int argc, char** argv) {
    program = argv[0];
    doctest::Context context(argc, argv);
    // doctest's own handler would hide ours; a test that crashes ends the run either way.
    context.setOption("no-intro", true);
    std::signal(SIGABRT, on_abort);
    return context.run();
}
