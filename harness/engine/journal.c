/* SPDX-License-Identifier: MIT */
#include "harness/engine/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/support/allocate.h"

enum { LOG_MAX_BYTES = 1 << 20 };

struct wd_journal {
    char *folder;
    int descriptor; /* of the folder; locked */
    bool written;
    uint64_t changes; /* of the state when findings.jsonl was last written */
    FILE *log;        /* NULL: nothing to be logged yet */
    size_t logged;
};

/* Makes a folder and those above it. */
static bool make_folders(const char *folder)
{
    char *path = wd_copy_text(folder, strlen(folder));
    bool good = true;

    for (char *slash = path + 1; good && (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        good = !mkdir(path, 0777) || errno == EEXIST;
        *slash = '/';
    }
    good = good && (!mkdir(path, 0777) || errno == EEXIST);
    free(path);
    return good;
}

struct wd_journal *wd_journal_open(const char *folder, struct wd_error *error)
{
    int descriptor = make_folders(folder) ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    struct wd_journal *journal;

    if (descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB)) {
        wd_error_set(error, "%s: %s", folder,
                     descriptor >= 0 && errno == EWOULDBLOCK ? "another run writes its results there"
                                                             : strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return NULL;
    }
    journal = wd_allocate(1, sizeof(*journal));
    journal->folder = wd_copy_text(folder, strlen(folder));
    journal->descriptor = descriptor;
    return journal;
}

void wd_journal_close(struct wd_journal *journal)
{
    if (!journal)
        return;
    if (journal->log)
        fclose(journal->log);
    close(journal->descriptor);
    free(journal->folder);
    free(journal);
}

/* Writes bytes to a new file and sees to it that they are on the disk. */
static bool write_file(int folder, const char *name, const char *bytes, size_t size)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool good = file >= 0;

    while (good && size) {
        ssize_t length = write(file, bytes, size);

        good = length > 0 || (length < 0 && errno == EINTR);
        bytes += length > 0 ? length : 0;
        size -= length > 0 ? (size_t)length : 0;
    }
    good = good && !fdatasync(file);
    if (file >= 0 && close(file))
        good = false;
    return good;
}

/* Replaces a file: whoever opens it finds the old one or the new one. */
static bool replace(struct wd_journal *journal, const char *name, const char *bytes, size_t size,
                    struct wd_error *error)
{
    char new_name[64];

    snprintf(new_name, sizeof(new_name), "%s.new", name);
    if (write_file(journal->descriptor, new_name, bytes, size) &&
        !renameat(journal->descriptor, new_name, journal->descriptor, name) && !fsync(journal->descriptor))
        return true;
    wd_error_set(error, "%s/%s: cannot be written: %s", journal->folder, name, strerror(errno));
    unlinkat(journal->descriptor, new_name, 0);
    return false;
}

/* A stream into memory. */
struct text {
    FILE *stream;
    char *bytes;
    size_t size;
};

static void begin(struct text *text)
{
    text->stream = wd_allocated(open_memstream(&text->bytes, &text->size));
}

static bool write_findings(struct wd_journal *journal, const struct wd_fuzz_plan *plan,
                           const struct wd_findings *findings, struct wd_error *error)
{
    struct text text;
    bool good;

    begin(&text);
    for (size_t i = 0; i < findings->count; i++)
        wd_finding_write(text.stream, plan, &findings->list[i]);
    fclose(text.stream);
    good = replace(journal, "findings.jsonl", text.bytes, text.size, error);
    free(text.bytes);
    return good;
}

bool wd_journal_write(struct wd_journal *journal, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                      const char *const *command, struct wd_error *error)
{
    struct wd_findings findings;
    struct text text;
    bool good = true;

    wd_findings_collect(plan, state, &findings);
    if (!journal->written || journal->changes != state->changes)
        good = write_findings(journal, plan, &findings, error);
    journal->written = true;
    journal->changes = state->changes;
    begin(&text);
    wd_summary_write(text.stream, plan, state, command, &findings, false);
    fclose(text.stream);
    good = good && replace(journal, "summary.json", text.bytes, text.size, error);
    free(text.bytes);
    wd_findings_free(&findings);
    return good;
}

/* Opens stderr.log, empty. @return false if it cannot be */
static bool open_log(struct wd_journal *journal)
{
    int file = openat(journal->descriptor, "stderr.log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (file < 0)
        return false;
    journal->log = fdopen(file, "w");
    return journal->log;
}

void wd_journal_log(struct wd_journal *journal, const char *heading, const char *words)
{
    size_t size = strlen(heading) + strlen(words) + 2;

    if ((!journal->log && !open_log(journal)) || journal->logged + size > LOG_MAX_BYTES)
        return;
    fprintf(journal->log, "%s\n%s\n", heading, words);
    fflush(journal->log);
    journal->logged += size;
}
