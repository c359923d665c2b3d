/* SPDX-License-Identifier: MIT */
/* Waivers: what they match, and that every mistake in their files is an error that names file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/judge/waivers.h"

struct fixture {
    char folder[64], path[96];
    struct wd_waivers *waivers;
    struct wd_waiver_list list;
    struct wd_error error;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    snprintf(f->folder, sizeof(f->folder), "/tmp/walkdiff-waivers-%d", getpid());
    snprintf(f->path, sizeof(f->path), "%s/x.toml", f->folder);
    mkdir(f->folder, 0700);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    free(f->list.indices);
    wd_waivers_free(f->waivers);
    unlink(f->path);
    rmdir(f->folder);
    free(f);
    return 0;
}

static bool load(struct fixture *f, const char *text)
{
    FILE *file = fopen(f->path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    wd_waivers_free(f->waivers);
    f->waivers = wd_waivers_load(f->folder, &f->error);
    return f->waivers;
}

static void assert_loads(struct fixture *f, const char *text)
{
    if (!load(f, text))
        fail_msg("%s", f->error.text);
}

/* The text is refused with "<path>:<line>: …<part>…". */
static void assert_refused(struct fixture *f, unsigned line, const char *part, const char *text)
{
    char place[128];

    assert_false(load(f, text));
    snprintf(place, sizeof(place), "%s:%u: ", f->path, line);
    if (strncmp(f->error.text, place, strlen(place)) || !strstr(f->error.text, part))
        fail_msg("'%s' is not '%s' with '%s'", f->error.text, place, part);
}

#define REST "instead = 'x'\nreason = 'x'\nlink = 'x'\ncase = 'x'\n"
#define WAIVER(id, more)                                                                                               \
    "[[waiver]]\nid = '" id "'\nwalker = 'w'\nversions = '*'\nsignature = 'a*b'\nrule = 'EPD'\n" REST more

static const struct wd_facets facets = {{[WD_FACET_OPERATION] = WD_AT_S12E0R, [WD_FACET_GRANULE] = WD_GRANULE_16K}};

/* The index of the waiver for a finding of walker `walker` 2.0.1, or -1. */
static int match(struct fixture *f, const char *walker, const char *signature, const char *rule)
{
    free(f->list.indices);
    assert_true(wd_waivers_for(f->waivers, walker, NULL, "2.0.1", &f->list));
    return wd_waiver_match(&f->list, signature, rule, &facets, NULL);
}

/* ---------------------------------------------------------------- matching */

static void a_waiver_matches_signature_rule_and_walker(void **state)
{
    struct fixture *f = *state;

    assert_loads(f, WAIVER("one", "") WAIVER("two", "\n"));
    assert_int_equal(match(f, "w", "a something b", "EPD"), 0);
    assert_int_equal(match(f, "w", "a something c", "EPD"), -1);
    assert_int_equal(match(f, "w", "a something b", "S1_TXSZ_HIGH"), -1);
    assert_int_equal(match(f, "v", "a something b", "EPD"), -1);
    assert_string_equal(wd_waiver_id(f->waivers, 1), "two");
}

static void a_waiver_for_the_name_that_a_library_gives_itself_matches(void **state)
{
    struct fixture *f = *state;

    assert_loads(f, WAIVER("one", ""));
    assert_true(wd_waivers_for(f->waivers, "so", "w", "2.0.1", &f->list));
    assert_int_equal(f->list.count, 1);
    free(f->list.indices);
    assert_true(wd_waivers_for(f->waivers, "so", "v", "2.0.1", &f->list));
    assert_int_equal(f->list.count, 0);
}

static void a_waiver_matches_only_the_facets_that_it_names(void **state)
{
    struct fixture *f = *state;

    assert_loads(f, WAIVER("x", "facets = { granule = '16K', operation = 'S12*' } # both\n"));
    assert_int_equal(match(f, "w", "ab", "EPD"), 0);
    assert_loads(f, WAIVER("x", "[waiver.facets]\ngranule = '64K'\noperation = 'S12*'\n"));
    assert_int_equal(match(f, "w", "ab", "EPD"), -1);
}

static void a_waiver_applies_to_its_versions(void **state)
{
    (void)state;
    assert_int_equal(wd_version_in_range("2.0.1", "*"), 1);
    assert_int_equal(wd_version_in_range("", "*"), 1);
    assert_int_equal(wd_version_in_range("", ">=0.1"), 0);
    assert_int_equal(wd_version_in_range("Unicorn 2.0.1 (QEMU)", ">=2.0.1, <2.1"), 1);
    assert_int_equal(wd_version_in_range("2.1", ">=2.0.1, <2.1"), 0);
    assert_int_equal(wd_version_in_range("2.10", ">2.9"), 1);
    assert_int_equal(wd_version_in_range("2.0", "=2.0.0"), 1);
    assert_int_equal(wd_version_in_range("2.0.1", "<=2.0"), 0);
    assert_int_equal(wd_version_in_range("2.0", "2.0"), -1);
    assert_int_equal(wd_version_in_range("2.0", ">=2.0,"), -1);
    assert_int_equal(wd_version_in_range("2.0", ""), -1);
}

/* ---------------------------------------------------------------- files */

static void strings_of_all_kinds_are_read(void **state)
{
    struct fixture *f = *state;

    assert_loads(
        f, "# a comment\n\n[[waiver]]\nid = \"tab\\t quote\\\" \\u00e9\\U0001F600\" # more\nwalker='w'\n"
           "versions=\"*\"\nsignature='''\na\\b'''\nrule = 'EPD'\ninstead = \"\"\"\nseveral \\\n   lines\n\"\"\"\n"
           "reason = 'x'\nlink = 'x'\n  case = '{\"op\":\"S1E1R\"}'\r\n");
    assert_string_equal(wd_waiver_id(f->waivers, 0), "tab\t quote\" \xc3\xa9\xf0\x9f\x98\x80");
}

static void what_is_not_understood_is_refused_with_file_and_line(void **state)
{
    struct fixture *f = *state;

    assert_refused(f, 1, "[[waiver]]", "[[other]]\n");
    assert_refused(f, 1, "outside of [[waiver]]", "id = 'x'\n");
    assert_refused(f, 2, "a string is wanted here", "[[waiver]]\nid = 5\n");
    assert_refused(f, 2, "a string is wanted here", "[[waiver]]\nid = ['x']\n");
    assert_refused(f, 2, "the string does not end", "[[waiver]]\nid = 'x\n'\n");
    assert_refused(f, 4, "the string does not end", "[[waiver]]\nid = '''x\n\n");
    assert_refused(f, 2, "unknown escape \\q", "[[waiver]]\nid = \"\\q\"\n");
    assert_refused(f, 2, "a character that there is not", "[[waiver]]\nid = \"\\ud800\"\n");
    assert_refused(f, 2, "unexpected 'y'", "[[waiver]]\nid = 'x' y\n");
    assert_refused(f, 2, "'=' is wanted", "[[waiver]]\nid 'x'\n");
    assert_refused(f, 3, "id stands here twice", "[[waiver]]\nid = 'x'\nid = 'x'\n");
    assert_refused(f, 2, "a key of letters", "[[waiver]]\n'id' = 'x'\n");
    assert_refused(f, 2, "'=' is wanted", "[[waiver]]\na.b = 'x'\n");
    assert_refused(f, 2, "'}' or ',' is wanted", "[[waiver]]\nfacets = { level = '1' \n");
    assert_refused(f, 1, "before the first", "[waiver.facets]\n");
}

static void a_waiver_that_says_too_little_or_too_much_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_refused(f, 11, "colour: a waiver has no such key", WAIVER("x", "colour = 'red'\n"));
    assert_refused(f, 11, "facets.colour: a waiver has no such key", WAIVER("x", "facets = {colour = 'red'}\n"));
    assert_refused(f, 1, "the waiver has no walker", "[[waiver]]\nid = 'x'\n");
    assert_refused(f, 1, "the waiver has no id", "[[waiver]]\nid = ''\n");
    assert_refused(f, 11, "another one has this id", WAIVER("x", "") WAIVER("x", ""));
    assert_refused(f, 1, "there is no rule or choice 'EPDX'",
                   "[[waiver]]\nid='x'\nwalker='w'\nversions='*'\nsignature='*'\nrule='EPDX'\n" REST);
    assert_refused(f, 1, "versions: '2.0'",
                   "[[waiver]]\nid='x'\nwalker='w'\nversions='2.0'\nsignature='*'\nrule='EPD'\n" REST);
}

static void a_waiver_of_one_rule_matches_no_other_rule_whatever_its_pattern(void **state)
{
    struct fixture *f = *state;
    unsigned matched = 0;

    assert_loads(f, "[[waiver]]\nid='x'\nwalker='w'\nversions='*'\nsignature='*'\nrule='EPD'\n" REST);
    for (size_t i = 0; i < WD_RULE_COUNT; i++)
        matched += match(f, "w", "anything", wd_rules[i].name) >= 0;
    assert_int_equal(matched, 1);
}

/* ---------------------------------------------------------------- causes */

#define NOT_CHECKED(id, rule, more)                                                                                    \
    "[[waiver]]\nid='" id "'\nwalker='w'\nversions='*'\nsignature='" rule " s1 fault → *'\nrule='" rule "'\n" REST more

static struct wd_causes known(struct fixture *f)
{
    struct wd_causes causes;

    match(f, "w", "", ""); /* chooses the waivers of w 2.0.1 */
    wd_waivers_known(&f->list, &facets, NULL, &causes);
    return causes;
}

static void a_walker_is_known_for_the_causes_that_its_waivers_match(void **state)
{
    struct fixture *f = *state;
    struct wd_causes causes;

    assert_loads(f, NOT_CHECKED("one", "EPD", "") NOT_CHECKED("two", "LEAF_ADDRESS_SIZE", ""));
    causes = known(f);
    for (unsigned number = 0; number < WD_CAUSE_COUNT; number++)
        assert_int_equal(wd_causes_have(&causes, number),
                         number == wd_cause_left_out(WD_RULE_EPD, 1) ||
                             number == wd_cause_left_out(WD_RULE_LEAF_ADDRESS_SIZE, 1));
}

static void a_mistake_is_known_by_its_words(void **state)
{
    struct fixture *f = *state;
    struct wd_causes causes;

    assert_loads(f, "[[waiver]]\nid='x'\nwalker='w'\nversions='*'\nsignature='C_NON_CACHEABLE s1 Non-cacheable → *'\n"
                    "rule='C_NON_CACHEABLE'\n" REST);
    causes = known(f);
    assert_true(causes.mistakes == wd_mistake_bit(WD_MISTAKE_C_IGNORED));
}

static void what_is_waived_of_other_facets_or_is_no_cause_is_not_known(void **state)
{
    struct fixture *f = *state;
    struct wd_causes causes;

    assert_loads(f, NOT_CHECKED("one", "EPD", "facets = { granule = '64K' }\n") WAIVER("two", ""));
    causes = known(f);
    assert_true(wd_causes_empty(&causes));
    assert_loads(f, NOT_CHECKED("one", "EPD", "facets = { granule = '16K' }\n"));
    causes = known(f);
    assert_true(wd_causes_have(&causes, wd_cause_left_out(WD_RULE_EPD, 1)));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(a_waiver_matches_signature_rule_and_walker),
        TEST(a_waiver_for_the_name_that_a_library_gives_itself_matches),
        TEST(a_waiver_matches_only_the_facets_that_it_names),
        TEST(a_waiver_applies_to_its_versions),
        TEST(strings_of_all_kinds_are_read),
        TEST(what_is_not_understood_is_refused_with_file_and_line),
        TEST(a_waiver_that_says_too_little_or_too_much_is_refused),
        TEST(a_waiver_of_one_rule_matches_no_other_rule_whatever_its_pattern),
        TEST(a_walker_is_known_for_the_causes_that_its_waivers_match),
        TEST(a_mistake_is_known_by_its_words),
        TEST(what_is_waived_of_other_facets_or_is_no_cause_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
