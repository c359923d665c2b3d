/* SPDX-License-Identifier: MIT */
#include "harness/walkers/so/so.h"

#include <dlfcn.h>

/* Whether a walker speaks this program's ABI. */
static bool fits(const char *path, const struct wd_walker_api *api, struct wd_error *error)
{
    if (!api)
        return wd_error_set(error, "%s: %s() gave no walker", path, WD_WALKER_ENTRY);
    if (api->abi != WD_WALKER_ABI)
        return wd_error_set(error, "%s: built for version %u of the walker ABI; this walkdiff has version %u", path,
                            api->abi, WD_WALKER_ABI);
    if (api->case_size != sizeof(struct wd_case) || api->result_size != sizeof(struct wd_result))
        return wd_error_set(error,
                            "%s: built against other headers: its case has %u bytes and its result %u, ours %zu "
                            "and %zu; build it again with this walkdiff's include/",
                            path, api->case_size, api->result_size, sizeof(struct wd_case), sizeof(struct wd_result));
    if (!api->name || !api->open || !api->answer || !api->close)
        return wd_error_set(error, "%s: its walker leaves name, open, answer or close out", path);
    return true;
}

const struct wd_walker_api *wd_walker_so_load(const char *path, struct wd_error *error)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    wd_walker_entry *entry;
    const struct wd_walker_api *api;

    if (!library) {
        wd_error_set(error, "cannot load: %s", dlerror());
        return NULL;
    }
    *(void **)&entry = dlsym(library, WD_WALKER_ENTRY);
    if (!entry) {
        wd_error_set(error, "%s: no symbol %s: not a library with a walker", path, WD_WALKER_ENTRY);
        return NULL;
    }
    api = entry();
    return fits(path, api, error) ? api : NULL;
}
