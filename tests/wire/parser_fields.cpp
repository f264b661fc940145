#include "wire/vectors.hpp"

#include <doctest/doctest.h>

#include <string>

using crier::test::check_vectors;
using crier::test::test_vector;
using namespace std::chrono_literals;
using namespace std::string_literals;

TEST_CASE("data lines are joined with line feeds and the last one is dropped") {
    const test_vector vectors[] = {
        {"one line", "data: 1\n\n", {{{.data = "1"}}}},
        {"two lines", "data: 1\ndata: 2\n\n", {{{.data = "1\n2"}}}},
        {"format-field-data: empty, then two bare fields", "data:\n\ndata\ndata\n\ndata:1\n\n",
            {{{.data = ""}, {.data = "\n"}, {.data = "1"}}}},
        {"the standard's example of a stock", "data: YHOO\ndata: +2\ndata: 10\n\n",
            {{{.data = "YHOO\n+2\n10"}}}},
        {"the standard's example of fields without data",
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
            "data:  third event\n",
            {.events = {{.data = "first event", .id = "1"}, {.data = "second event"}},
                .comments = {" test stream"}}},
        {"the standard's example of empty events", "data\n\ndata\ndata\n\ndata:\n",
            {{{.data = ""}, {.data = "\n"}}}},
        {"the standard's example of spaces", "data:test\n\ndata: test\n\n",
            {{{.data = "test"}, {.data = "test"}}}},
        {"event-data: comments, false fields, wrong case and bare fields between",
            "data: msg\ndata: msg\n\n:\nfalsefield:msg\n\nfalsefield:msg\nData:data\n\n"
            "data\n\ndata:end\n\n",
            {{{.data = "msg\nmsg"}, {.data = ""}, {.data = "end"}}, {""}}},
        {"format-null-character: NUL is data", "data:\0\n\ndata:a\0b\n\n"s,
            {{{.data = "\0"s}, {.data = "a\0b"s}}}},
        {"colons within are data", "data:a:b: c\n\n", {{{.data = "a:b: c"}}}},
        {"many events at once", "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n",
            {{{.data = "1"}, {.data = "2"}, {.data = "3"}, {.data = "4"}}}},
    };
    check_vectors(vectors);
}

TEST_CASE("exactly one space after the colon is dropped") {
    const test_vector vectors[] = {
        {"format-leading-space: a tab is kept, one space is dropped, CR ends a line",
            "data:\ttest\rdata: \ndata:test\n\n", {{{.data = "\ttest\n\ntest"}}}},
        {"no space", "data:1\n\n", {{{.data = "1"}}}},
        {"two spaces", "data:  1\n\n", {{{.data = " 1"}}}},
        {"spaces only", "data:   \n\n", {{{.data = "  "}}}},
        {"trailing spaces", "data: 1 \n\n", {{{.data = "1 "}}}},
        {"a tab, then a space", "data:\t 1\n\n", {{{.data = "\t 1"}}}},
        {"a no-break space",
            "data:\u00A0"
            "1\n\n",
            {{{.data = "\u00A0"
                       "1"}}}},
        {"in every field", "event:  t\nid:  7\ndata: 1\n\n",
            {.events = {{" t", "1", " 7"}}, .last_event_id = " 7"}},
    };
    check_vectors(vectors);
}

TEST_CASE("a line that is no field of the standard is passed over") {
    const test_vector vectors[] = {
        {"format-field-parsing: NUL, spaces, wrong case, NUL in and before a name, other names",
            "data:\0\ndata:  2\nData:1\ndata\0:2\ndata:1\n\0data:4\nda-ta:3\ndata_5\ndata:3\n"
            "data: \ndata:\r\n data:32\ndata:4\n\n"s,
            {{{.data = "\0\n 2\n1\n3\n\n\n4"s}}}},
        {"format-field-unknown: a space before, an unknown name, text; a bare field counts",
            "data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n",
            {{{.data = "test\n\ntest"}}, {"thisisacommentyay"}}},
        {"names are compared to the byte",
            "DATA: a\nDaTa: b\nEvent: c\nID: d\nRETRY: 5\ndata: 1\n\n", {{{.data = "1"}}}},
        {"a name's start", "d: a\ndat: b\ndat\neven: c\ni: d\nretr: 5\ndata: 1\n\n",
            {{{.data = "1"}}}},
        {"more than a name", "datas: a\ndata2\nevents: c\nids: d\nretry_: 5\ndata: 1\n\n",
            {{{.data = "1"}}}},
        {"a space behind the name", "data : a\ndata \nid : d\ndata: 1\n\n", {{{.data = "1"}}}},
        {"a tab before the name", "\tdata: a\ndata: 1\n\n", {{{.data = "1"}}}},
        {"a name in fullwidth letters", "\uFF44ata: a\ndata: 1\n\n", {{{.data = "1"}}}},
        {"another separator", "data=a\ndata;b\ndata: 1\n\n", {{{.data = "1"}}}},
        {"only unknown fields", "foo: a\n\nbar\n\n", {}},
        {"fields in reverse order", "id: 7\nevent: t\ndata: 1\n\ndata: 2\nevent: u\nid: 8\n\n",
            {.events = {{"t", "1", "7"}, {"u", "2", "8"}}, .last_event_id = "8"}},
    };
    check_vectors(vectors);
}

TEST_CASE("an event has the type of its block, else message") {
    const test_vector vectors[] = {
        {"format-field-event: the next block is message again",
            "event: test\ndata: x\n\ndata: x\n\n", {{{"test", "x"}, {"message", "x"}}}},
        {"format-field-event-empty: an empty value", "event: \ndata: x\n\n", {{{"message", "x"}}}},
        {"the last one counts", "event: a\nevent: b\ndata: x\n\n", {{{"b", "x"}}}},
        {"a bare field resets it", "event: a\nevent\ndata: x\n\n", {{{"message", "x"}}}},
        {"an empty one resets it", "event: a\nevent:\ndata: x\n\n", {{{"message", "x"}}}},
        {"after the data", "data: x\nevent: a\n\n", {{{"a", "x"}}}},
        {"a block without data dispatches nothing and uses the type up", "event: a\n\ndata: x\n\n",
            {{{"message", "x"}}}},
        {"message by name", "event: message\ndata: x\n\n", {{{"message", "x"}}}},
        {"NUL, a colon and non-ASCII", "event: a\0b:\u00E9\ndata: x\n\n"s,
            {{{"a\0b:\u00E9"s, "x"}}}},
        {"invalid UTF-8", "event: a\xFF\ndata: x\n\n", {{{"a\uFFFD", "x"}}}},
    };
    check_vectors(vectors);
}

TEST_CASE("a retry time is digits only and acts at its line") {
    constexpr auto most = std::chrono::milliseconds::max();
    const std::string with_event = "data: x\n\n";
    const test_vector vectors[] = {
        {"format-field-retry: leading zeros are decimal", "retry:03000\n\n", {.retry = 3000ms}},
        {"format-field-retry-bogus: what is no number changes nothing",
            "retry:3000\nretry:1000x\ndata:x\n\n",
            {.events = {{.data = "x", .retry = 3000ms}}, .retry = 3000ms}},
        {"format-field-retry-empty: a bare field changes nothing", "retry\ndata:test\n\n",
            {{{.data = "test"}}}},
        {"from-readable-stream: a word after a number", "retry: 2000\nretry: bogus\n",
            {.retry = 2000ms}},
        {"an empty one after another", "retry: 7\nretry:\nretry: \nretry\n", {.retry = 7ms}},
        {"zero", "retry: 0\n", {.retry = 0ms}},
        {"no space", "retry:250\n", {.retry = 250ms}},
        {"the last one counts", "retry: 1\nretry: 2\n" + with_event,
            {.events = {{.data = "x", .retry = 2ms}}, .retry = 2ms}},
        {"it stays, and is told with its own event only", "retry: 9\n" + with_event + with_event,
            {.events = {{.data = "x", .retry = 9ms}, {.data = "x"}}, .retry = 9ms}},
        {"a block without data uses up what is told with an event", "retry: 9\n\n" + with_event,
            {.events = {{.data = "x"}}, .retry = 9ms}},
        {"in a block that never ends", "data: x\nretry: 5\n", {.retry = 5ms}},
        {"not before its line has ended", "retry: 5\nretry: 60", {.retry = 5ms}},
        {"signs, points, other bases, spaces and NUL",
            "retry: -1\nretry: +1\nretry: 1.5\nretry: 1e3\nretry: 0x10\nretry:  5\nretry: 5 \n"
            "retry:\t5\nretry: 5\0\nretry: 5,000\nretry: 5ms\n"s,
            {}},
        {"digits of another script", "retry: \u0665\nretry: \uFF15\n", {}},
        {"the greatest", "retry: 9223372036854775807\n", {.retry = most}},
        {"the greatest but one", "retry: 9223372036854775806\n", {.retry = most - 1ms}},
        {"one past the greatest", "retry: 9223372036854775808\n", {.retry = most}},
        {"past 64 bits, where it would wrap", "retry: 18446744073709551617\n", {.retry = most}},
        {"far past the greatest", "retry: " + std::string(60, '9') + "\n" + with_event,
            {.events = {{.data = "x", .retry = most}}, .retry = most}},
        {"many leading zeros", "retry: " + std::string(60, '0') + "42\n", {.retry = 42ms}},
    };
    check_vectors(vectors);
}
