/* SPDX-License-Identifier: MIT */
/* Pages of the manual for programs: the tables that reports on runs need beside the runs. */
#ifndef REPORTS_MANUAL_JSON_H
#define REPORTS_MANUAL_JSON_H

#include <stdbool.h>
#include <stdio.h>

/** Writes a page as a JSON array, an object an entry. @return false: there is no such page in JSON */
bool wd_manual_json(FILE *out, const char *page);

#endif
