/* SPDX-License-Identifier: MIT */
/* Colours of a terminal. */
#ifndef REPORTS_PAINT_H
#define REPORTS_PAINT_H

#include <stdbool.h>
#include <stdio.h>

/** When text is coloured. */
enum wd_colour_when { WD_COLOUR_AUTO, WD_COLOUR_ALWAYS, WD_COLOUR_NEVER };

/** Reads "auto", "always" or "never". @return false if it is none of them */
bool wd_colour_parse(const char *text, enum wd_colour_when *when);

/**
 * Whether a stream is to be coloured. `auto`: it is a terminal that has colours (TERM), and the environment variable
 * NO_COLOR is not set.
 */
bool wd_is_coloured(enum wd_colour_when when, FILE *stream);

/** What a piece of text is; plain where nothing is coloured. */
enum wd_paint { WD_PLAIN, WD_STRONG, WD_FAINT, WD_RIGHT, WD_WRONG };

/** The escape sequence that begins a piece; "" where nothing is coloured. */
const char *wd_paint(bool coloured, enum wd_paint paint);

#endif
