/* SPDX-License-Identifier: MIT */
/*
 * What a run has found, as messages: from a process of the run to its coordinator, and from a part of a run that was
 * done elsewhere, by way of a file, to whoever puts the parts together.
 */
#ifndef WALKDIFF_EXCHANGE_H
#define WALKDIFF_EXCHANGE_H

#include "harness/engine/engine.h"
#include "harness/engine/wire.h"

/** Puts what a bucket has, and its exhibit if that has changed since its owner said that it had not. */
void wd_put_bucket(struct wd_wire_out *out, const struct wd_bucket *bucket);

/** Puts a proof: how often, and those of its sides that have changed. */
void wd_put_proof(struct wd_wire_out *out, size_t implementation, size_t walker, size_t choice,
                  const struct wd_proof *proof);

void wd_put_tally(struct wd_wire_out *out, const struct wd_tally *tally);
void wd_put_reached(struct wd_wire_out *out, const struct wd_reached *reached);

/**
 * Adds to a state what a message tells.
 * @return false if the message is none of these four
 */
bool wd_take_message(struct wd_fuzz_state *state, struct wd_message *message);

/**
 * Writes all that a state holds to a file, whole or not at all.
 * @param plan  of the run: whoever reads the file must have the same
 */
bool wd_part_write(const char *path, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                   struct wd_error *error);

/** A range of a run's cases. */
struct wd_part_range {
    uint64_t begin, end;
};

/**
 * Adds to a state what a file holds.
 * @param range  receives the cases that the file tells of
 * @return false if it cannot be read, is not whole, or is of a run with another plan
 */
bool wd_part_read(const char *path, const struct wd_fuzz_plan *plan, struct wd_fuzz_state *state,
                  struct wd_part_range *range, struct wd_error *error);

/**
 * Puts the parts of a run together, in any order. Together they must tell of all cases of the plan, each once.
 * @param state  receives what all of them found, or why they cannot be put together; wd_fuzz_state_free() ends it
 */
void wd_parts_merge(const struct wd_fuzz_plan *plan, const char *const *paths, size_t count,
                    struct wd_fuzz_state *state);

#endif
