/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host's halves of the subjects that are no walkers have in common (walkdiff/subject.h). */
#ifndef WD_KVM_SUBJECT_H
#define WD_KVM_SUBJECT_H

#include "harness/walkers/kvm/host/guard.h"
#include "walkdiff/subject.h"

/** From the builder: "7.3.4, gcc 12.2.0". */
extern const char wd_build_version[];

/**
 * Calls into the kernel's code for an answer, and notes there that it answered, with its warnings, or crashed.
 * @return false: it crashed
 */
bool wd_subject_call(void (*call)(void *context), void *context, struct wd_subject_head *head);

/** Makes the answer one that there is none. @param before, what  why, in two pieces */
void wd_subject_cannot(struct wd_subject_head *head, const char *before, const char *what);

/** For wd_subject_api.open of those that have no more to do: the builder has looked at the options. */
void *wd_subject_open(const char *options, char *error, size_t error_size);

/** For wd_subject_api.close: all is static, as the kernel's state is. */
void wd_subject_close(void *subject);

/** The entry of a library that holds a subject of a kind. */
#define WD_KVM_SUBJECT(kind_name, case_type, answer_type, open_subject, answer_case, close_subject)                    \
    __attribute__((visibility("default"))) wd_subject_entry walkdiff_subject;                                          \
                                                                                                                       \
    const struct wd_subject_api *walkdiff_subject(void)                                                                \
    {                                                                                                                  \
        static const struct wd_subject_api api = {                                                                     \
            .abi = WD_SUBJECT_ABI,                                                                                     \
            .case_size = sizeof(case_type),                                                                            \
            .answer_size = sizeof(answer_type),                                                                        \
            .kind = (kind_name),                                                                                       \
            .name = "kvm",                                                                                             \
            .version = wd_build_version,                                                                               \
            .open = (open_subject),                                                                                    \
            .answer = (answer_case),                                                                                   \
            .close = (close_subject),                                                                                  \
        };                                                                                                             \
        return &api;                                                                                                   \
    }

#endif
