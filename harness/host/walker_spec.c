/* SPDX-License-Identifier: MIT */
#include "harness/host/walker_spec.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/host/built_walker.h"
#include "harness/walkers/exec/exec.h"
#include "harness/walkers/oracle/oracle.h"
#include "harness/walkers/qemu/qemu.h"
#include "harness/walkers/sample/sample.h"
#include "harness/walkers/so/so.h"

enum { MANY = 1 << 18, SOME = 1 << 12 }; /* cases */

static const struct wd_walker_kind kinds[] = {
    {"oracle", "oracle", "the architecture as walkdiff models it; it judges every run anyway", wd_walker_oracle, MANY},
    {"sample", "sample[,defect=ID]", "a walker in the shape of a kernel's, with defects that can be switched on",
     wd_walker_sample, MANY},
    {"unicorn", "unicorn", "the walker of libunicorn (QEMU 5.0's), a reference", NULL, SOME},
    {"qemu", "qemu[,cpu=MODEL][,bin=PATH]", "a CPU model of qemu-system-aarch64, a reference", wd_walker_qemu, SOME},
    {"kvm", "kvm:TREE[@REV][,OPTIONS]", "KVM's walker, compiled from a Linux tree (docs/walkers-kvm.md)", NULL, MANY},
    {"so", "so:LIB.so[,OPTIONS]", "your walker in a shared library (include/walkdiff/walker.h)", NULL, MANY},
    {"exec", "exec:COMMAND", "your walker as a program: cases on its stdin, results on its stdout", wd_walker_exec, 0},
};

const struct wd_walker_kind *wd_walker_kind(size_t i)
{
    return i < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[i] : NULL;
}

const struct wd_walker_kind *wd_walker_kind_by_name(const char *name)
{
    const struct wd_walker_kind *kind;

    for (size_t i = 0; (kind = wd_walker_kind(i)); i++)
        if (!strcmp(kind->name, name))
            return kind;
    return NULL;
}

/* Takes the name off a spec. @return what follows it (":…", ",…" or ""), or NULL if it is no name */
static const char *take_name(const char *text, char name[WD_WALKER_NAME_MAX])
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

    if (!length || length >= WD_WALKER_NAME_MAX || !strchr(":,", text[length]))
        return NULL;
    memcpy(name, text, length);
    name[length] = '\0';
    return text + length;
}

/* `so:LIB.so[,OPTIONS]`: the path of the file, as the user's shell takes it, and what follows it. */
static bool parse_so(const char *rest, struct wd_walker_spec *spec, struct wd_error *error)
{
    size_t length = *rest == ':' ? strcspn(rest + 1, ",") : 0;
    const char *path = rest + 1;
    bool is_path = memchr(path, '/', length);

    if (!length)
        return wd_error_set(error, "walker '%s': so: needs a library: so:LIB.so", spec->text);
    /* Without a slash, the dynamic linker would look for it elsewhere. */
    if (snprintf(spec->library, sizeof(spec->library), "%s%.*s", is_path ? "" : "./", (int)length, path) >=
        (int)sizeof(spec->library))
        return wd_error_set(error, "walker '%s': the path is too long", spec->text);
    spec->options = path[length] ? path + length + 1 : "";
    return true;
}

/* `exec:COMMAND`: the whole rest. */
static bool parse_exec(const char *rest, struct wd_walker_spec *spec, struct wd_error *error)
{
    if (*rest != ':' || !rest[1 + strspn(rest + 1, " \t")])
        return wd_error_set(error, "walker '%s': exec: needs a command: exec:COMMAND", spec->text);
    spec->options = rest + 1;
    return true;
}

/* A module that comes with walkdiff, whether it was built or not, or one that somebody put beside them. */
static bool find_module(const struct wd_places *places, struct wd_walker_spec *spec, struct wd_error *error)
{
    char file[WD_WALKER_NAME_MAX + 4];

    snprintf(file, sizeof(file), "%s.so", spec->name);
    if (!wd_path_join(spec->library, places->walkers, file))
        return wd_error_set(error, "%s/%s: the path is too long", places->walkers, file);
    if (wd_walker_kind_by_name(spec->name) || !access(spec->library, F_OK))
        return true;
    return wd_error_set(error, "walker '%s': there is no walker '%s' (`walkdiff walkers` lists them)", spec->text,
                        spec->name);
}

bool wd_walker_spec_parse(const char *text, const struct wd_places *places, struct wd_walker_spec *spec,
                          struct wd_error *error)
{
    const struct wd_walker_kind *kind;
    const char *rest;

    memset(spec, 0, sizeof(*spec));
    spec->text = text;
    rest = take_name(text, spec->name);
    if (!rest)
        return wd_error_set(error, "walker '%s': not of the form name[:argument][,key=value...]", text);
    spec->options = *rest ? rest + 1 : "";
    if (!strcmp(spec->name, "so"))
        return parse_so(rest, spec, error);
    if (!strcmp(spec->name, "kvm"))
        return wd_build_walker(rest, places, spec, error);
    if (!strcmp(spec->name, "exec") && !parse_exec(rest, spec, error))
        return false;
    kind = wd_walker_kind_by_name(spec->name);
    if (!kind || !kind->builtin)
        return find_module(places, spec, error);
    spec->builtin = kind->builtin();
    return true;
}

const struct wd_walker_api *wd_walker_spec_load(const struct wd_walker_spec *spec, struct wd_error *error)
{
    if (spec->builtin)
        return spec->builtin;
    if (access(spec->library, F_OK)) {
        wd_error_set(error, "not built here: %s: %s", spec->library, strerror(errno));
        return NULL;
    }
    return wd_walker_so_load(spec->library, error);
}
