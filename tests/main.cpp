#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

namespace {

unsigned chosen = 0;

/// Sees how many test cases pass the filters of the command line.
class chosen_cases final : public doctest::IReporter {
public:
    explicit chosen_cases(const doctest::ContextOptions&) {}

    void test_run_end(const doctest::TestRunStats& run) override {
        chosen = run.numTestCasesPassingFilters;
    }

    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_case_start(const doctest::TestCaseData&) override {}
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_end(const doctest::CurrentTestCaseStats&) override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}
};

REGISTER_LISTENER("chosen_cases", 0, chosen_cases);

} // namespace

// A test that chooses none would pass, whatever it was meant to show.
int main(int count, char** arguments) {
    doctest::Context context{count, arguments};
    const int result = context.run();
    if (context.shouldExit() || chosen != 0) {
        return result;
    }
    std::fputs("no test case passes the filters\n", stderr);
    return EXIT_FAILURE;
}
