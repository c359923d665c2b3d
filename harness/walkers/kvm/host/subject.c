/* SPDX-License-Identifier: GPL-2.0-only */
#include "harness/walkers/kvm/host/subject.h"

#include <stdio.h>

static void set_text(struct wd_subject_head *head, enum wd_subject_status status, const char *before, const char *text)
{
    head->status = (uint8_t)status;
    snprintf(head->text, sizeof(head->text), "%s%s", before, text);
}

bool wd_subject_call(void (*call)(void *context), void *context, struct wd_subject_head *head)
{
    static struct wd_result noted; /* crash and warnings */

    head->status = WD_SUBJECT_ANSWERED;
    head->warning_count = 0;
    noted.warning_count = 0;
    if (!wd_guarded_call(call, context, &noted)) {
        set_text(head, WD_SUBJECT_CRASH, "", noted.text);
        return false;
    }
    for (unsigned i = 0; i < noted.warning_count && i < WD_SUBJECT_WARNINGS_MAX; i++)
        snprintf(head->warnings[head->warning_count++], WD_SUBJECT_TEXT_MAX, "%s", noted.warnings[i]);
    return true;
}

void wd_subject_cannot(struct wd_subject_head *head, const char *before, const char *what)
{
    head->warning_count = 0;
    set_text(head, WD_SUBJECT_UNSUPPORTED, before, what);
}

void *wd_subject_open(const char *options, char *error, size_t error_size)
{
    static char subject;

    (void)options, (void)error, (void)error_size;
    wd_guard_open();
    return &subject;
}

void wd_subject_close(void *subject)
{
    (void)subject;
}
