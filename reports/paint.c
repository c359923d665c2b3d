/* SPDX-License-Identifier: MIT */
#include "reports/paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool wd_colour_parse(const char *text, enum wd_colour_when *when)
{
    static const char *const names[] = {
        [WD_COLOUR_AUTO] = "auto", [WD_COLOUR_ALWAYS] = "always", [WD_COLOUR_NEVER] = "never"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *when = (enum wd_colour_when)i;
            return true;
        }
    }
    return false;
}

bool wd_is_coloured(enum wd_colour_when when, FILE *stream)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

    if (when != WD_COLOUR_AUTO)
        return when == WD_COLOUR_ALWAYS;
    return !(none && *none) && terminal && strcmp(terminal, "dumb") != 0 && isatty(fileno(stream));
}

const char *wd_paint(bool coloured, enum wd_paint paint)
{
    static const char *const sequences[] = {[WD_PLAIN] = "\033[0m",
                                            [WD_STRONG] = "\033[1m",
                                            [WD_FAINT] = "\033[2m",
                                            [WD_RIGHT] = "\033[32m",
                                            [WD_WRONG] = "\033[1;31m"};

    return coloured ? sequences[paint] : "";
}
