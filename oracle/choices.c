/* SPDX-License-Identifier: MIT */
/* Choices: their table, how a walk consults them, and how their combinations are enumerated. */
#include "oracle/walk.h"

const struct wd_choice_info wd_choices[WD_CHOICE_COUNT] = {
#define WD_CHOICE(name, kind, rule, where, text, ...)                                                                  \
    [WD_CHOICE_##name] = {                                                                                             \
        #name, rule, where, text, WD_##kind, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), {__VA_ARGS__}},
#include "walkdiff/choices.def"
};

const char *wd_choice_option(enum wd_choice choice, unsigned option)
{
    unsigned last = wd_choices[choice].options - 1u;

    return wd_choices[choice].option[option < last ? option : last];
}

unsigned wd_choose_among(struct wd_walk *w, enum wd_choice choice, unsigned options, unsigned absent)
{
    unsigned option = w->resolution->option[choice];

    if (option >= options || (option < 8 && (absent >> option & 1)))
        option = 0;
    if (!(w->consulted >> choice & 1)) {
        w->consulted |= UINT64_C(1) << choice;
        w->by_attributes |= (uint64_t)w->in_attributes << choice;
        w->out->consulted[w->out->consulted_count++] = (struct wd_consulted){.choice = (uint8_t)choice,
                                                                             .option = (uint8_t)option,
                                                                             .options = (uint8_t)options,
                                                                             .absent = (uint8_t)absent};
        WD_TELL(w, .kind = WD_EVENT_CHOICE, .address = choice, .value = option);
    }
    return option;
}

unsigned wd_choose(struct wd_walk *w, enum wd_choice choice)
{
    return wd_choose_among(w, choice, wd_choices[choice].options, 0);
}

/*
 * The choices that a walk consults form a tree: which one comes next depends on how those before were resolved. The
 * next leaf differs from this one in the last choice that has an option left; choices after it start again.
 */
bool wd_resolution_next(struct wd_resolution *resolution, const struct wd_oracle_output *output, uint64_t fixed)
{
    for (unsigned i = output->consulted_count; i-- > 0;) {
        const struct wd_consulted *consulted = &output->consulted[i];
        unsigned option = consulted->option + 1u;

        if (fixed >> consulted->choice & 1)
            continue;
        while (option < 8 && (consulted->absent >> option & 1))
            option++;
        if (option < consulted->options) {
            resolution->option[consulted->choice] = (uint8_t)option;
            return true;
        }
        resolution->option[consulted->choice] = 0;
    }
    return false;
}
