/* SPDX-License-Identifier: MIT */
/* `walkdiff manual`: the pages of the manual that are tables of the program, in Markdown. */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "generators/generate.h"
#include "harness/cli/cli.h"
#include "harness/judge/judge.h"
#include "harness/subjects/kind.h"
#include "reports/manual_json.h"

static const struct wd_verb verb = {
    .name = "manual",
    .text = "print a reference page of the manual, from the program's own tables",
    .usage =
        "usage: walkdiff manual [--json] registers|features|rules|choices|mistakes|verdicts|operations|profiles|kinds\n"
        "\n"
        "Prints a page of docs/reference/ in Markdown. The pages are the program's own tables:\n"
        "\n"
        "  registers    registers, their fields, and descriptors: what the oracle reads, how often they are drawn\n"
        "  features     which ID register field says that a feature exists\n"
        "  rules        what the oracle applies, with Arm ARM rule ids and pseudocode functions\n"
        "  choices      where the architecture lets implementations differ, with the options\n"
        "  mistakes     what the judge supposes of a walker to find the cause of a wrong answer\n"
        "  verdicts     what the judge says of an answer\n"
        "  operations   the AT instructions\n"
        "  profiles     implementations that random cases are drawn from, and enumerations\n"
        "  kinds        subjects that are no walkers: their rules, choices and facets\n"
        "\n"
        "  --json       for programs: rules, choices and verdicts as arrays of objects\n"
        "\n"
        "Exit status: 0, or 2 if used wrongly.\n",
};

/* ---------------------------------------------------------------- Markdown */

/* Text with what Markdown would take as markup escaped. */
static void put_text(const char *text)
{
    for (; *text; text++) {
        if (strchr("*|<", *text))
            putchar('\\');
        putchar(*text);
    }
}

static void put_code(const char *text)
{
    if (*text)
        printf("`%s`", text);
}

static void put_cell_text(const char *text)
{
    printf(" ");
    put_text(text);
    printf(" |");
}

static void put_cell_code(const char *text)
{
    printf(" ");
    put_code(text);
    printf(" |");
}

static void put_title(const char *title, const char *page)
{
    printf(
        "# %s\n\n<!-- `walkdiff manual %s` writes this page. Do not edit it: change the table that it shows. -->\n\n",
        title, page);
}

/* ---------------------------------------------------------------- registers */

static const char *const role_words[] = {[WD_ROLE_MODEL] = "modelled",
                                         [WD_ROLE_INERT] = "no effect",
                                         [WD_ROLE_STOP] = "not modelled",
                                         [WD_ROLE_IDENT] = "identifies"};

static void put_field_headings(void)
{
    printf("| bits | field | feature | oracle | drawn | meaning |\n| --- | --- | --- | --- | ---: | --- |\n");
}

static void put_field(const struct wd_field *field)
{
    char bits[16];

    snprintf(bits, sizeof(bits), field->msb == field->lsb ? "%u" : "%u:%u", field->msb, field->lsb);
    printf("| %s |", bits);
    put_cell_code(field->name);
    put_cell_text(field->feature == WD_NONE ? "" : wd_features[field->feature].name);
    put_cell_text(role_words[field->role]);
    printf(" %u%% |", field->weight);
    put_cell_text(field->meaning);
    printf("\n");
}

static void put_layouts(void)
{
    for (unsigned layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        size_t count;
        const struct wd_field *fields = wd_layout_fields(layout, &count);
        unsigned reg = wd_layouts[layout].reg;

        printf("\n## %s\n\n", reg == WD_RESULT ? "PAR_EL1" : wd_registers[reg].name);
        put_text(wd_layouts[layout].title);
        printf(".\n\n");
        put_field_headings();
        for (size_t i = 0; i < count; i++)
            put_field(&fields[i]);
    }
}

/* Descriptors, in the form of registers.def: a heading, or a field. */
struct descriptor_line {
    const char *title; /* NULL: a field */
    struct wd_field field;
};

static const struct descriptor_line descriptor_lines[] = {
#define WD_LAYOUT(layout, reg, title_) {.title = title_},
#define WD_FIELD(layout, name_, msb_, lsb_, feature_, role_, weight_, meaning_)                                        \
    {.field = {.name = #name_,                                                                                         \
               .meaning = meaning_,                                                                                    \
               .msb = msb_,                                                                                            \
               .lsb = lsb_,                                                                                            \
               .feature = WD_##feature_,                                                                               \
               .role = WD_ROLE_##role_,                                                                                \
               .weight = weight_}},
#include "generators/descriptors.def"
};

static void put_descriptors(void)
{
    for (size_t i = 0; i < sizeof(descriptor_lines) / sizeof(descriptor_lines[0]); i++) {
        const struct descriptor_line *line = &descriptor_lines[i];

        if (!line->title) {
            put_field(&line->field);
            continue;
        }
        printf("\n## Descriptor: %s\n\n", line->title);
        put_field_headings();
    }
}

static void write_registers(void)
{
    put_title("Registers and descriptors", "registers");
    printf("The registers that a case can hold, the PAR_EL1 of a result, and the fields of descriptors other\n"
           "than type and address. The tables are `include/walkdiff/registers.def` and\n"
           "`generators/descriptors.def`: the case reader's checks, the oracle's access to fields, the\n"
           "generator's weights and `walkdiff explain` are made from them too.\n"
           "\n"
           "- **feature**: without it the field is RES0: what a case holds there has no effect.\n"
           "- **oracle**: *modelled*, the oracle reads it. *identifies*, it says what exists, and the oracle\n"
           "  reads it. *no effect*, the answer of an AT does not depend on it where EL3, Secure state, RME and\n"
           "  AArch32 do not exist. *not modelled*, it has an effect that the oracle does not know: set, with\n"
           "  its feature there, the case is `unsupported`.\n"
           "- **drawn**: in how many of 100 random cases the generator sets the field, where no rule of its own\n"
           "  for that field says otherwise.\n");
    put_layouts();
    put_descriptors();
}

/* ---------------------------------------------------------------- features */

/* The name of an ID register's field. */
static const char *field_name(unsigned reg, unsigned lsb)
{
    for (unsigned layout = 0; layout < WD_LAYOUT_COUNT; layout++) {
        size_t count;
        const struct wd_field *fields = wd_layout_fields(layout, &count);

        for (size_t i = 0; wd_layouts[layout].reg == reg && i < count; i++)
            if (fields[i].lsb == lsb)
                return fields[i].name;
    }
    return "";
}

static void write_features(void)
{
    put_title("Features", "features");
    printf("The features that the oracle tells apart, and what the ID registers of a case must say for each to\n"
           "exist. An ID register that a case does not list is 0. The table is `include/walkdiff/features.def`.\n"
           "\n"
           "| feature | exists if | is |\n"
           "| --- | --- | --- |\n");
    for (unsigned i = WD_NONE + 1; i < WD_FEATURE_COUNT; i++) {
        const struct wd_feature_info *feature = &wd_features[i];

        printf("| %s | ", feature->name);
        if (feature->at_least)
            printf("%s.%s ≥ %u", wd_registers[feature->reg].name, field_name(feature->reg, feature->lsb),
                   feature->at_least);
        else
            printf("the granule fields of %s say so: `oracle/features.c`", wd_registers[feature->reg].name);
        printf(" |");
        put_cell_text(feature->title);
        printf("\n");
    }
}

/* ---------------------------------------------------------------- rules */

static void write_rules(void)
{
    static const char *const raises[WD_FAULT_CLASS_COUNT] = {
        [WD_FAULT_NONE] = "",
        [WD_FAULT_ADDRESS_SIZE] = "Address size",
        [WD_FAULT_TRANSLATION] = "Translation",
        [WD_FAULT_ACCESS_FLAG] = "Access flag",
        [WD_FAULT_PERMISSION] = "Permission",
        [WD_FAULT_EXTERNAL_ABORT] = "external abort",
        [WD_FAULT_ATOMIC_UPDATE] = "atomic update",
    };

    put_title("Rules", "rules");
    printf("What the oracle applies, a rule a decision: %u rules. A finding names the rule that decided the\n"
           "expected answer. The table is `include/walkdiff/rules.def`; [extending.md](../extending.md#a-rule)\n"
           "tells how one is added.\n"
           "\n"
           "- **Arm ARM**: the rule's id in DDI 0487, or the section or register field that says it. Empty: only\n"
           "  the pseudocode does.\n"
           "- **function**: the pseudocode function that applies it.\n"
           "- **fault**: the class of the fault that it can raise.\n"
           "\n"
           "| rule | Arm ARM | function | fault | says |\n"
           "| --- | --- | --- | --- | --- |\n",
           (unsigned)WD_RULE_COUNT - 1);
    for (unsigned i = WD_RULE_NONE + 1; i < WD_RULE_COUNT; i++) {
        const struct wd_rule_info *rule = &wd_rules[i];

        printf("|");
        put_cell_code(rule->name);
        put_cell_text(rule->id);
        put_cell_code(rule->function);
        put_cell_text(raises[rule->raises]);
        put_cell_text(rule->text);
        printf("\n");
    }
}

/* ---------------------------------------------------------------- choices */

static void put_choice(enum wd_choice choice)
{
    static const char *const kinds[] = {[WD_IMPLEMENTATION_DEFINED] = "IMPLEMENTATION DEFINED",
                                        [WD_CONSTRAINED_UNPREDICTABLE] = "CONSTRAINED UNPREDICTABLE",
                                        [WD_PERMITTED] = "permitted, not required"};
    const struct wd_choice_info *info = &wd_choices[choice];

    printf("\n## %s\n\n", info->name);
    put_text(info->text);
    printf(". %s: %s, `%s`.\n\n", kinds[info->kind], info->rule, info->where);
    for (unsigned option = 0; option < info->options; option++) {
        printf("- %s", option ? "" : "default: ");
        put_text(info->option[option]);
        printf("\n");
    }
}

static void write_choices(void)
{
    put_title("Choices", "choices");
    printf("Where the architecture lets implementations differ: %u points that an AT can reach. The oracle's own\n"
           "answer takes the default of each; an answer that another option gives is `permitted`. A walker that\n"
           "resolves an IMPLEMENTATION DEFINED choice both ways for the same implementation is `inconsistent`;\n"
           "the other kinds may be resolved anew each time. The table is `include/walkdiff/choices.def`;\n"
           "[extending.md](../extending.md#a-choice) tells how one is added.\n",
           (unsigned)WD_CHOICE_COUNT);
    for (unsigned i = 0; i < WD_CHOICE_COUNT; i++)
        put_choice(i);
}

/* ---------------------------------------------------------------- mistakes, verdicts, operations */

static void write_mistakes(void)
{
    static const struct {
        enum wd_rule rule;
        unsigned stage;
        const char *name, *text;
    } mistakes[] = {
#define WD_MISTAKE(name_, stage_, rule_, text_) {WD_RULE_##rule_, stage_, #name_, text_},
#include "walkdiff/mistakes.def"
    };

    put_title("Mistakes", "mistakes");
    printf("What walkers are known to make wrong. [The judge](../judging.md#the-cause-of-a-difference) has the\n"
           "oracle make one on purpose, to see whether that is the cause of a wrong answer. A check that is left\n"
           "out is not among them; families of checks that are commonly left out together are. The table is\n"
           "`include/walkdiff/mistakes.def`.\n"
           "\n"
           "| mistake | stage | rule of the finding | right → wrong |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        printf("|");
        put_cell_code(mistakes[i].name);
        printf(" %u |", mistakes[i].stage);
        put_cell_code(wd_rules[mistakes[i].rule].name);
        put_cell_text(mistakes[i].text);
        printf("\n");
    }
}

static void write_verdicts(void)
{
    static const struct {
        const char *name, *text;
        bool finding;
    } verdicts[] = {
#define WD_V(enumerator, name_, finding_, text_) {name_, text_, finding_},
        WD_VERDICTS(WD_V)
#undef WD_V
    };

    put_title("Verdicts", "verdicts");
    printf("What the judge says of one answer. A finding makes the exit status of `fuzz` and `replay` 1. The\n"
           "table is WD_VERDICTS in `harness/judge/judge.h`; [judging.md](../judging.md) tells how a verdict comes\n"
           "about.\n"
           "\n"
           "| verdict | finding | says |\n"
           "| --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        printf("|");
        put_cell_code(verdicts[i].name);
        put_cell_text(verdicts[i].finding ? "yes" : "no");
        put_cell_text(verdicts[i].text);
        printf("\n");
    }
}

static void write_operations(void)
{
    put_title("Operations", "operations");
    printf("The AT instructions that a case can name in `op`, from `include/walkdiff/operations.def`.\n"
           "\n"
           "| operation | regime of | stages | access | PAN | feature |\n| --- | --- | --- | --- | --- | --- |\n");
    for (unsigned i = 0; i < WD_OPERATION_COUNT; i++) {
        const struct wd_operation_info *info = &wd_operations[i];
        const char *access = info->read ? "read" : info->write ? "write" : "no permission is checked";

        printf("| `%s` | EL%u | %s | %s%s | %s | %s |\n", wd_operation_names[i], info->el,
               info->both_stages ? "1 and 2" : "1", info->unprivileged ? "unprivileged " : "", access,
               info->pan ? "counts" : "", info->feature ? wd_features[info->feature].name : "");
    }
}

/* ---------------------------------------------------------------- profiles */

static void write_profiles(void)
{
    const char *name, *description;

    put_title("Profiles and enumerations", "profiles");
    printf("What [generators.md](../generators.md) describes, by name. The tables are in `generators/profiles.c`\n"
           "and `generators/enumerate.c`.\n"
           "\n"
           "| profile | is |\n"
           "| --- | --- |\n");
    for (size_t i = 0; (name = wd_profile_name(i, &description)); i++) {
        printf("|");
        put_cell_code(name);
        put_cell_text(description);
        printf("\n");
    }
    printf("\n| enumeration | cases | is |\n| --- | ---: | --- |\n");
    for (size_t i = 0; (name = wd_enumeration_name(i, &description)); i++) {
        printf("|");
        put_cell_code(name);
        printf(" %" PRIu64 " |", wd_enumeration_size(wd_enumeration_by_name(name)));
        put_cell_text(description);
        printf("\n");
    }
}

/* ---------------------------------------------------------------- kinds of subjects */

static void write_texts(const char *title, const char *head, const struct wd_subject_text *texts, unsigned count)
{
    printf("\n### %s\n\n%s", title, head);
    for (unsigned i = 0; i < count; i++) {
        printf("|");
        put_cell_code(texts[i].name);
        put_cell_text(texts[i].text);
        put_cell_text(texts[i].function);
        put_cell_text(texts[i].source);
        printf("\n");
    }
}

static void write_facets(const struct wd_subject_kind *kind)
{
    printf("\n### Facets of %s\n\n| facet | values |\n| --- | --- |\n", kind->name);
    for (unsigned i = 0; i < kind->facet_count; i++) {
        const struct wd_subject_facet *facet = &kind->facets[i];

        printf("|");
        put_cell_code(facet->name);
        for (unsigned value = 0; value < facet->count; value++) {
            printf("%s", value ? ", " : " ");
            put_text(facet->values[value]);
        }
        printf(" |\n");
    }
}

static void write_kinds(void)
{
    const struct wd_subject_kind *kind;
    char title[128];

    put_title("Kinds of subjects", "kinds");
    printf(
        "What is said of the [subjects that are no walkers](../subjects.md). The tables are\n"
        "`include/walkdiff/KIND.def`; a rule's source is an id or heading of the Arm ARM, or whose contract it is.\n");
    for (size_t i = 0; (kind = wd_subject_kind(i)); i++) {
        printf("\n## %s\n\n", kind->name);
        put_text(kind->text);
        printf("\n");
        snprintf(title, sizeof(title), "Rules of %s", kind->name);
        write_texts(title, "| rule | what must hold | function | source |\n| --- | --- | --- | --- |\n", kind->rules,
                    kind->rule_count);
        snprintf(title, sizeof(title), "Choices of %s", kind->name);
        write_texts(title, "| choice | point | also permitted | source |\n| --- | --- | --- | --- |\n", kind->choices,
                    kind->choice_count);
        write_facets(kind);
    }
}

/* ---------------------------------------------------------------- the verb */

static const struct {
    const char *name;
    void (*write)(void);
} pages[] = {
    {"registers", write_registers},   {"features", write_features}, {"rules", write_rules},
    {"choices", write_choices},       {"mistakes", write_mistakes}, {"verdicts", write_verdicts},
    {"operations", write_operations}, {"profiles", write_profiles}, {"kinds", write_kinds},
};

int main(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
    bool json = false;
    int option;

    argv[0] = "walkdiff manual";
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option != 'j')
            return wd_show_usage(&verb, option == 'h' ? stdout : stderr);
        json = true;
    }
    if (json && argc == optind + 1) {
        if (!wd_manual_json(stdout, argv[optind]))
            return wd_complain("manual: there is no page '%s' in JSON: rules, choices, verdicts", argv[optind]);
        return wd_close_stdout(WD_EXIT_NOTHING_FOUND);
    }
    for (size_t i = 0; argc == optind + 1 && i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strcmp(argv[optind], pages[i].name))
            continue;
        pages[i].write();
        return wd_close_stdout(WD_EXIT_NOTHING_FOUND);
    }
    if (argc == optind + 1)
        wd_complain("manual: there is no page '%s'", argv[optind]);
    else
        wd_complain("manual: one page is wanted");
    return wd_show_usage(&verb, stderr);
}
