/* SPDX-License-Identifier: MIT */
#include "harness/judge/waivers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "harness/support/places.h"
#include "harness/support/toml.h"

/* ---------------------------------------------------------------- versions */

enum { VERSION_PARTS = 6 };

struct version {
    unsigned long part[VERSION_PARTS]; /* missing ones are 0 */
};

/* Reads "2.0.1". @return the end of it, or NULL if it does not begin with a digit */
static const char *read_version(const char *text, struct version *version)
{
    size_t count = 0;

    memset(version, 0, sizeof(*version));
    if (!isdigit((unsigned char)*text))
        return NULL;
    for (;;) {
        char *end;
        unsigned long part = strtoul(text, &end, 10);

        if (count < VERSION_PARTS)
            version->part[count++] = part;
        text = end;
        if (*text != '.' || !isdigit((unsigned char)text[1]))
            return text;
        text++;
    }
}

static int compare_versions(const struct version *a, const struct version *b)
{
    for (size_t i = 0; i < VERSION_PARTS; i++)
        if (a->part[i] != b->part[i])
            return a->part[i] < b->part[i] ? -1 : 1;
    return 0;
}

/* The version in what a walker tells of itself: the first number that has a dot after it. */
static bool find_version(const char *text, struct version *version)
{
    for (; *text; text += isdigit((unsigned char)*text) ? strspn(text, "0123456789") : 1)
        if (isdigit((unsigned char)*text) && text[strspn(text, "0123456789")] == '.')
            return read_version(text, version);
    return false;
}

/* The comparisons, longest first, and the results of compare_versions() that each accepts. */
static const struct {
    const char *sign;
    bool less, equal, greater;
} comparisons[] = {
    {">=", false, true, true}, {"<=", true, true, false}, {">", false, false, true},
    {"<", true, false, false}, {"=", false, true, false},
};

/* One condition, ">=2.0.1". @return the end of it, or NULL if it is none */
static const char *condition(const char *text, const struct version *version, bool *holds)
{
    struct version limit;
    int order;

    for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
        size_t length = strlen(comparisons[i].sign);

        if (strncmp(text, comparisons[i].sign, length))
            continue;
        text = read_version(text + length + strspn(text + length, " "), &limit);
        if (!text)
            return NULL;
        order = compare_versions(version, &limit);
        *holds = order < 0 ? comparisons[i].less : order > 0 ? comparisons[i].greater : comparisons[i].equal;
        return text + strspn(text, " ");
    }
    return NULL;
}

int wd_version_in_range(const char *text, const char *range)
{
    struct version version;
    bool known = find_version(text, &version), all = known, holds;

    range += strspn(range, " ");
    if (!strcmp(range, "*"))
        return 1;
    if (!known)
        memset(&version, 0, sizeof(version));
    for (;;) {
        range = condition(range, &version, &holds);
        if (!range)
            return -1;
        all = all && holds;
        if (!*range)
            return all;
        if (*range++ != ',')
            return -1;
        range += strspn(range, " ");
    }
}

/* ---------------------------------------------------------------- loading */

struct waiver {
    const char *id, *walker, *versions, *signature, *rule;
    const char *facets[WD_FACET_COUNT]; /* patterns; NULL: any value */
    const struct wd_toml_table *named;  /* its entries "facets.…", if the rule is of another kind of subject */
    struct wd_causes causes;            /* whose findings it matches */
    const char *file;
    unsigned line;
};

/* A file that was read; the waivers' strings are in it. */
struct waiver_file {
    char *path;
    struct wd_toml toml;
};

struct wd_waivers {
    struct waiver *waivers;
    size_t count;
    struct waiver_file *files;
    size_t file_count;
};

/* Rules and facets of the kinds of subjects that are no walkers. */
static const char *const kind_rules[] = {
#define WD_ABORT_RULE(name, id, source, text) #name,
#include "walkdiff/abort.def"
#define WD_PGTABLE_RULE(name, source, function, text) #name,
#include "walkdiff/pgtable.def"
#define WD_IDMAP_RULE(name, source, function, text) #name,
#include "walkdiff/idmap.def"
#define WD_TLBI_RULE(name, source, function, text) #name,
#include "walkdiff/tlbi.def"
};
static const char *const kind_facets[] = {
#define WD_ABORT_FACET(name) #name,
#include "walkdiff/abort.def"
#define WD_PGTABLE_FACET(name) #name,
#include "walkdiff/pgtable.def"
#define WD_IDMAP_FACET(name) #name,
#include "walkdiff/idmap.def"
#define WD_TLBI_FACET(name) #name,
#include "walkdiff/tlbi.def"
};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

static bool is_kind_rule(const char *name)
{
    return is_one_of(name, kind_rules, sizeof(kind_rules) / sizeof(kind_rules[0]));
}

static bool is_rule_or_choice(const char *name)
{
    for (size_t i = 0; i < WD_RULE_COUNT; i++) /* WD_RULE_NONE, too: of warnings and crashes */
        if (!strcmp(wd_rules[i].name, name))
            return true;
    for (size_t i = 0; i < WD_CHOICE_COUNT; i++)
        if (!strcmp(wd_choices[i].name, name))
            return true;
    return is_kind_rule(name);
}

static const char facet_prefix[] = "facets.";

/* Whether a key names a facet of another kind of subject. */
static bool is_kind_facet_key(const char *key)
{
    return !strncmp(key, facet_prefix, strlen(facet_prefix)) &&
           is_one_of(key + strlen(facet_prefix), kind_facets, sizeof(kind_facets) / sizeof(kind_facets[0]));
}

/* The facet that a key like "facets.granule" names, or -1. */
static int facet_of_key(const char *key)
{
    if (strncmp(key, facet_prefix, strlen(facet_prefix)))
        return -1;
    for (int i = 0; i < WD_FACET_COUNT; i++)
        if (!strcmp(key + strlen(facet_prefix), wd_facet_names[i]))
            return i;
    return -1;
}

static const char *const required_keys[] = {"id",      "walker", "versions", "signature", "rule",
                                            "instead", "reason", "link",     "case"};
enum { REQUIRED_KEYS = sizeof(required_keys) / sizeof(required_keys[0]) };

static bool is_required_key(const char *key)
{
    for (size_t i = 0; i < REQUIRED_KEYS; i++)
        if (!strcmp(required_keys[i], key))
            return true;
    return false;
}

/* Whether a table has all keys that it must have, and no others. */
static bool check_keys(const char *path, const struct wd_toml_table *table, struct wd_error *error)
{
    const char *rule = wd_toml_get(table, "rule");
    bool of_kind = rule && is_kind_rule(rule);

    for (size_t i = 0; i < table->count; i++)
        if (!is_required_key(table->entries[i].key) && strcmp(table->entries[i].key, "spec") &&
            !(of_kind ? is_kind_facet_key(table->entries[i].key) : facet_of_key(table->entries[i].key) >= 0))
            return wd_error_set(error, "%s:%u: %s: a waiver has no such key", path, table->entries[i].line,
                                table->entries[i].key);
    for (size_t i = 0; i < REQUIRED_KEYS; i++) {
        const char *value = wd_toml_get(table, required_keys[i]);

        if (!value || !*value)
            return wd_error_set(error, "%s:%u: the waiver has no %s", path, table->line, required_keys[i]);
    }
    return true;
}

/* Whether a waiver says what it matches in a way that can be understood. */
static bool check_waiver(const struct wd_waivers *waivers, const struct waiver *waiver, struct wd_error *error)
{
    if (!is_rule_or_choice(waiver->rule))
        return wd_error_set(error, "%s:%u: waiver %s: rule: there is no rule or choice '%s'", waiver->file,
                            waiver->line, waiver->id, waiver->rule);
    if (wd_version_in_range("0.0", waiver->versions) < 0)
        return wd_error_set(error, "%s:%u: waiver %s: versions: '%s' is not like \">=2.0.1, <2.1\" or \"*\"",
                            waiver->file, waiver->line, waiver->id, waiver->versions);
    for (size_t i = 0; i < waivers->count; i++)
        if (!strcmp(waivers->waivers[i].id, waiver->id))
            return wd_error_set(error, "%s:%u: waiver %s: another one has this id: %s:%u", waiver->file, waiver->line,
                                waiver->id, waivers->waivers[i].file, waivers->waivers[i].line);
    return true;
}

static bool matches(const struct waiver *waiver, const char *signature, const char *rule)
{
    return !strcmp(waiver->rule, rule) && !fnmatch(waiver->signature, signature, 0);
}

static void find_causes(struct waiver *waiver)
{
    for (unsigned number = 0; number < WD_CAUSE_COUNT; number++) {
        const struct wd_cause cause = wd_cause_by_number(number);
        char signature[256];

        wd_cause_signature(&cause, signature, sizeof(signature));
        if (cause.rule && matches(waiver, signature, wd_rules[cause.rule].name))
            wd_causes_add(&waiver->causes, number);
    }
}

static bool add_waiver(struct wd_waivers *waivers, const char *path, const struct wd_toml_table *table,
                       struct wd_error *error)
{
    struct waiver waiver = {.file = path, .line = table->line};
    struct waiver *grown;

    if (!check_keys(path, table, error))
        return false;
    waiver.id = wd_toml_get(table, "id");
    waiver.walker = wd_toml_get(table, "walker");
    waiver.versions = wd_toml_get(table, "versions");
    waiver.signature = wd_toml_get(table, "signature");
    waiver.rule = wd_toml_get(table, "rule");
    if (is_kind_rule(waiver.rule ? waiver.rule : ""))
        waiver.named = table;
    for (size_t i = 0; !waiver.named && i < table->count; i++)
        if (facet_of_key(table->entries[i].key) >= 0)
            waiver.facets[facet_of_key(table->entries[i].key)] = table->entries[i].value;
    if (!check_waiver(waivers, &waiver, error))
        return false;
    find_causes(&waiver);
    grown = realloc(waivers->waivers, (waivers->count + 1) * sizeof(*grown));
    if (!grown || waivers->count > UINT16_MAX)
        return wd_error_set(error, "%s: too many waivers for the memory there is", path);
    waivers->waivers = grown;
    grown[waivers->count++] = waiver;
    return true;
}

static bool add_file(struct wd_waivers *waivers, const char *path, struct wd_error *error)
{
    struct waiver_file *files = realloc(waivers->files, (waivers->file_count + 1) * sizeof(*files));
    struct waiver_file *file;

    if (!files)
        return wd_error_set(error, "out of memory");
    waivers->files = files;
    file = &files[waivers->file_count++];
    *file = (struct waiver_file){.path = strdup(path)};
    if (!file->path)
        return wd_error_set(error, "out of memory");
    if (!wd_toml_read(path, "waiver", &file->toml, error))
        return false;
    for (size_t i = 0; i < file->toml.count; i++)
        if (!add_waiver(waivers, file->path, &file->toml.tables[i], error))
            return false;
    return true;
}

static int is_toml(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 5 && entry->d_name[0] != '.' && !strcmp(entry->d_name + length - 5, ".toml");
}

bool wd_waivers_add(struct wd_waivers *waivers, const char *folder, struct wd_error *error)
{
    struct dirent **names;
    int count = scandir(folder, &names, is_toml, alphasort);
    char path[PATH_MAX];
    bool good = true;

    if (count < 0)
        return wd_error_set(error, "waivers: %s: %s", folder, strerror(errno));
    for (int i = 0; i < count; i++) {
        if (good && !wd_path_join(path, folder, names[i]->d_name))
            good = wd_error_set(error, "%s/%s: the path is too long", folder, names[i]->d_name);
        good = good && add_file(waivers, path, error);
        free(names[i]);
    }
    free(names);
    return good;
}

struct wd_waivers *wd_waivers_load(const char *folder, struct wd_error *error)
{
    struct wd_waivers *waivers = calloc(1, sizeof(*waivers));

    if (!waivers) {
        wd_error_set(error, "out of memory");
        return NULL;
    }
    if (!folder || wd_waivers_add(waivers, folder, error))
        return waivers;
    wd_waivers_free(waivers);
    return NULL;
}

void wd_waivers_free(struct wd_waivers *waivers)
{
    if (!waivers)
        return;
    for (size_t i = 0; i < waivers->file_count; i++) {
        wd_toml_free(&waivers->files[i].toml);
        free(waivers->files[i].path);
    }
    free(waivers->files);
    free(waivers->waivers);
    free(waivers);
}

size_t wd_waivers_count(const struct wd_waivers *waivers)
{
    return waivers->count;
}

const char *wd_waiver_id(const struct wd_waivers *waivers, size_t i)
{
    return waivers->waivers[i].id;
}

/* ---------------------------------------------------------------- matching */

bool wd_waivers_for(const struct wd_waivers *waivers, const char *name, const char *own_name, const char *version,
                    struct wd_waiver_list *list)
{
    *list = (struct wd_waiver_list){.all = waivers, .indices = malloc((waivers->count + 1) * sizeof(*list->indices))};
    if (!list->indices)
        return false;
    for (size_t i = 0; i < waivers->count; i++)
        if ((!strcmp(waivers->waivers[i].walker, name) ||
             (own_name && !strcmp(waivers->waivers[i].walker, own_name))) &&
            wd_version_in_range(version, waivers->waivers[i].versions) == 1)
            list->indices[list->count++] = (uint16_t)i;
    return true;
}

static bool facets_match(const struct waiver *waiver, const struct wd_facets *facets, const char *const *profiles)
{
    for (int i = 0; i < WD_FACET_COUNT; i++)
        if (waiver->facets[i] && fnmatch(waiver->facets[i], wd_facet_value(i, facets->value[i], profiles), 0))
            return false;
    return true;
}

int wd_waiver_match(const struct wd_waiver_list *list, const char *signature, const char *rule,
                    const struct wd_facets *facets, const char *const *profiles)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct waiver *waiver = &list->all->waivers[list->indices[i]];

        if (matches(waiver, signature, rule) && facets_match(waiver, facets, profiles))
            return list->indices[i];
    }
    return -1;
}

/* Whether the facets that a waiver is limited by are as it says. */
static bool named_facets_match(const struct waiver *waiver, const char *const *names, const char *const *values,
                               size_t count)
{
    for (size_t i = 0; i < waiver->named->count; i++) {
        const struct wd_toml_entry *entry = &waiver->named->entries[i];
        bool matched = !is_kind_facet_key(entry->key);

        for (size_t facet = 0; !matched && facet < count; facet++)
            matched =
                !strcmp(entry->key + strlen(facet_prefix), names[facet]) && !fnmatch(entry->value, values[facet], 0);
        if (!matched)
            return false;
    }
    return true;
}

/* Of a rule that is nobody's: of crashes and warnings. */
static bool has_facets(const struct waiver *waiver)
{
    for (int i = 0; i < WD_FACET_COUNT; i++)
        if (waiver->facets[i])
            return true;
    return false;
}

int wd_waiver_match_named(const struct wd_waiver_list *list, const char *signature, const char *rule,
                          const char *const *names, const char *const *values, size_t count)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct waiver *waiver = &list->all->waivers[list->indices[i]];

        if (matches(waiver, signature, rule) &&
            (waiver->named ? named_facets_match(waiver, names, values, count) : !has_facets(waiver)))
            return list->indices[i];
    }
    return -1;
}

void wd_waivers_known(const struct wd_waiver_list *list, const struct wd_facets *facets, const char *const *profiles,
                      struct wd_causes *known)
{
    *known = (struct wd_causes){0};
    for (size_t i = 0; i < list->count; i++) {
        const struct waiver *waiver = &list->all->waivers[list->indices[i]];

        if (facets_match(waiver, facets, profiles))
            wd_causes_add_all(known, &waiver->causes);
    }
}
