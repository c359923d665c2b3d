/* SPDX-License-Identifier: MIT */
#include "harness/engine/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/support/allocate.h"

/* ---------------------------------------------------------------- messages */

void wd_put_bucket(struct wd_wire_out *out, const struct wd_bucket *bucket)
{
    wd_wire_begin(out, WD_MESSAGE_BUCKET);
    wd_wire_put_u64(out, bucket->walker);
    wd_wire_put_u64(out, bucket->verdict);
    wd_wire_put_u64(out, bucket->cause);
    wd_wire_put(out, &bucket->also, sizeof(bucket->also));
    wd_wire_put_u64(out, bucket->also_check);
    wd_wire_put_text(out, bucket->signature);
    wd_wire_put_u64(out, bucket->count);
    wd_wire_put(out, &bucket->facets, sizeof(bucket->facets));
    wd_wire_put_u64(out, bucket->exhibit_changed);
    if (bucket->exhibit_changed) {
        wd_wire_put_u64(out, bucket->first.index);
        wd_wire_put_u64(out, bucket->first.rule);
        wd_wire_put_u64(out, bucket->first.profile);
        wd_wire_put_u64(out, bucket->first.doubtful);
        wd_wire_put_text(out, bucket->first.title);
        wd_wire_put_text(out, bucket->first.expected);
        wd_wire_put_text(out, bucket->first.got);
        wd_wire_put_text(out, bucket->first.c);
    }
    wd_wire_put_u64(out, bucket->witness_count);
    for (size_t i = 0; i < bucket->witness_count; i++) {
        wd_wire_put_u64(out, bucket->witnesses[i].index);
        wd_wire_put_u64(out, bucket->witnesses[i].profile);
        wd_wire_put_text(out, bucket->witnesses[i].got);
        wd_wire_put_text(out, bucket->witnesses[i].c);
    }
    wd_wire_end(out);
}

void wd_put_proof(struct wd_wire_out *out, size_t implementation, size_t walker, size_t choice,
                  const struct wd_proof *proof)
{
    wd_wire_begin(out, WD_MESSAGE_PROOF);
    wd_wire_put_u64(out, implementation);
    wd_wire_put_u64(out, walker);
    wd_wire_put_u64(out, choice);
    wd_wire_put_u64(out, proof->others);
    for (size_t side = 0; side < WD_SIDES; side++) {
        wd_wire_put_u64(out, proof->changed[side] ? proof->first[side] : UINT64_MAX);
        wd_wire_put_text(out, proof->changed[side] ? proof->got[side] : "");
    }
    wd_wire_end(out);
}

void wd_put_tally(struct wd_wire_out *out, const struct wd_tally *tally)
{
    wd_wire_begin(out, WD_MESSAGE_TALLY);
    wd_wire_put(out, tally, sizeof(*tally));
    wd_wire_end(out);
}

void wd_put_reached(struct wd_wire_out *out, const struct wd_reached *reached)
{
    wd_wire_begin(out, WD_MESSAGE_REACHED);
    wd_wire_put(out, reached, sizeof(*reached));
    wd_wire_end(out);
}

static void take_tally(struct wd_fuzz_state *state, struct wd_message *message)
{
    struct wd_tally *tally = wd_allocate(1, sizeof(*tally));

    wd_wire_get(message, tally, sizeof(*tally));
    wd_tally_add(&state->tally, tally);
    free(tally);
}

static void take_reached(struct wd_fuzz_state *state, struct wd_message *message)
{
    struct wd_reached *reached = wd_allocate(1, sizeof(*reached));

    wd_wire_get(message, reached, sizeof(*reached));
    wd_reached_add(state->reached, reached);
    free(reached);
}

static char *take_text(struct wd_message *message)
{
    const char *text = wd_wire_get_text(message);

    return wd_copy_text(text, strlen(text));
}

static void take_witnesses(struct wd_bucket *bucket, struct wd_message *message)
{
    for (uint64_t left = wd_wire_get_u64(message); left; left--) {
        struct wd_witness witness = {.index = wd_wire_get_u64(message)};

        witness.profile = (uint8_t)wd_wire_get_u64(message);
        witness.got = take_text(message);
        witness.c = take_text(message);
        wd_bucket_keep_witness(bucket, &witness);
    }
    if (bucket->witness_count == bucket->count)
        return;
    wd_bucket_drop_witnesses(bucket); /* they are not all, and never will be again */
    bucket->witnessed = WD_WITNESSES_MAX + 1;
}

static void take_exhibit(struct wd_bucket *bucket, struct wd_message *message)
{
    struct wd_exhibit exhibit = {.index = wd_wire_get_u64(message)};

    exhibit.rule = (uint16_t)wd_wire_get_u64(message);
    exhibit.profile = (uint8_t)wd_wire_get_u64(message);
    exhibit.doubtful = wd_wire_get_u64(message);
    exhibit.title = take_text(message);
    exhibit.expected = take_text(message);
    exhibit.got = take_text(message);
    exhibit.c = take_text(message);
    wd_bucket_show(bucket, &exhibit);
}

static void take_bucket(struct wd_fuzz_state *state, struct wd_message *message)
{
    struct wd_bucket_key key;
    struct wd_bucket *bucket;
    struct wd_facet_counts facets;
    uint64_t count;

    key.walker = (uint8_t)wd_wire_get_u64(message);
    key.verdict = (uint8_t)wd_wire_get_u64(message);
    key.cause = (uint16_t)wd_wire_get_u64(message);
    wd_wire_get(message, &key.also, sizeof(key.also));
    key.also_check = (uint16_t)wd_wire_get_u64(message);
    key.signature = wd_wire_get_text(message);
    bucket = wd_bucket_of(state->buckets, &key);
    count = wd_wire_get_u64(message);
    wd_wire_get(message, &facets, sizeof(facets));
    wd_bucket_add(bucket, count, &facets);
    state->changes++;
    if (wd_wire_get_u64(message))
        take_exhibit(bucket, message);
    take_witnesses(bucket, message);
}

static void take_proof(struct wd_fuzz_state *state, struct wd_message *message)
{
    size_t implementation = wd_wire_get_u64(message), walker = wd_wire_get_u64(message);
    size_t choice = wd_wire_get_u64(message);
    struct wd_proof *proof = wd_proof_of(&state->proofs, implementation, walker, choice);

    proof->others += wd_wire_get_u64(message);
    for (size_t side = 0; side < WD_SIDES; side++) {
        uint64_t index = wd_wire_get_u64(message);

        wd_proof_show(proof, side, index, take_text(message));
    }
    state->changes++;
}

bool wd_take_message(struct wd_fuzz_state *state, struct wd_message *message)
{
    switch (message->kind) {
    case WD_MESSAGE_TALLY:
        take_tally(state, message);
        return true;
    case WD_MESSAGE_BUCKET:
        take_bucket(state, message);
        return true;
    case WD_MESSAGE_PROOF:
        take_proof(state, message);
        return true;
    case WD_MESSAGE_REACHED:
        take_reached(state, message);
        return true;
    default:
        return false;
    }
}

/* ---------------------------------------------------------------- parts of a run, in files */

/* What must be the same where the parts of a run are made and where they are put together, as text. */
static char *identity_of(const struct wd_fuzz_plan *plan)
{
    char *text;
    size_t size;
    FILE *stream = wd_allocated(open_memstream(&text, &size));

    fprintf(stream, "walkdiff %s, formats %zu %zu %zu; seed %" PRIu64 "; profiles", WALKDIFF_VERSION,
            sizeof(struct wd_tally), sizeof(struct wd_reached), sizeof(struct wd_facet_counts), plan->seed);
    for (size_t i = 0; i < plan->profile_count; i++)
        fprintf(stream, " %s", plan->profile_names[i]);
    for (size_t i = 0; i < plan->walker_count; i++)
        fprintf(stream, "; %s %s (%s), learned from %" PRIu32,
                plan->walkers[i].answerer.reference ? "reference" : "walker", plan->walkers[i].spec.text,
                plan->walkers[i].version, plan->walkers[i].learned_from);
    fprintf(stream, "; waivers");
    for (size_t i = 0; i < wd_waivers_count(plan->waivers); i++)
        fprintf(stream, " %s", wd_waiver_id(plan->waivers, i));
    fclose(stream);
    return text;
}

static void put_identity(struct wd_wire_out *out, const struct wd_fuzz_plan *plan, uint64_t cases)
{
    char *identity = identity_of(plan);

    wd_wire_begin(out, WD_MESSAGE_PART);
    wd_wire_put_text(out, identity);
    wd_wire_put_u64(out, plan->begin);
    wd_wire_put_u64(out, plan->begin + cases);
    wd_wire_end(out);
    free(identity);
}

static void put_state(struct wd_wire_out *out, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state)
{
    put_identity(out, plan, state->tally.cases);
    for (size_t i = 0; i < wd_buckets_count(state->buckets); i++)
        wd_put_bucket(out, wd_bucket_at(state->buckets, i));
    for (size_t i = 0; i < WD_IMPLEMENTATIONS_MAX; i++)
        for (size_t walker = 0; walker < plan->walker_count; walker++)
            for (size_t choice = 0; choice < WD_CHOICE_COUNT; choice++) {
                const struct wd_proof *proof = wd_proof_if_any(&state->proofs, i, walker, choice);

                if (proof && (proof->others || proof->changed[WD_SIDE_DEFAULT] || proof->changed[WD_SIDE_OTHER]))
                    wd_put_proof(out, i, walker, choice, proof);
            }
    wd_put_reached(out, state->reached);
    wd_put_tally(out, &state->tally);
}

/* FNV-1a: a file that was cut off or changed on its way is none. */
static uint64_t hash_of(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

bool wd_part_write(const char *path, const struct wd_fuzz_plan *plan, const struct wd_fuzz_state *state,
                   struct wd_error *error)
{
    size_t length = strlen(path) + sizeof(".new");
    char *new_path = wd_allocate(length, 1);
    struct wd_wire_out out = {0};
    bool good;
    int file;

    snprintf(new_path, length, "%s.new", path);
    put_state(&out, plan, state);
    wd_wire_put_u64(&out, hash_of(out.memory.data, out.end));
    file = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    good = file >= 0 && wd_wire_send(&out, file) && !fdatasync(file);
    if (file >= 0 && close(file))
        good = false;
    good = good && !rename(new_path, path);
    if (!good)
        wd_error_set(error, "%s: cannot be written: %s", path, strerror(errno));
    free(out.memory.data);
    free(new_path);
    return good;
}

/* Takes the message that every file begins with. */
static bool take_identity(const char *path, const struct wd_fuzz_plan *plan, struct wd_message *message,
                          struct wd_part_range *range, struct wd_error *error)
{
    char *ours = identity_of(plan);
    const char *theirs = wd_wire_get_text(message);
    bool same = !strcmp(ours, theirs);

    if (same) {
        range->begin = wd_wire_get_u64(message);
        range->end = wd_wire_get_u64(message);
    } else {
        wd_error_set(error, "%s: a part of another run.\n  it has    %.200s\n  this run has %.200s", path, theirs,
                     ours);
    }
    free(ours);
    return same;
}

/* Reads a file to its end. @return whether it is as it was written */
static bool receive_part(const char *path, int file, struct wd_wire_in *in, struct wd_error *error)
{
    uint64_t hash;
    long length;

    do
        length = wd_wire_receive(in, file);
    while (length > 0);
    if (length < 0)
        return wd_error_set(error, "%s: %s", path, strerror(errno));
    if (in->end > sizeof(hash)) {
        in->end -= sizeof(hash);
        memcpy(&hash, (const char *)in->memory.data + in->end, sizeof(hash));
        if (hash == hash_of(in->memory.data, in->end))
            return true;
    }
    return wd_error_set(error, "%s: not a part of a run, or not whole", path);
}

static bool take_part(const char *path, int file, const struct wd_fuzz_plan *plan, struct wd_fuzz_state *state,
                      struct wd_part_range *range, struct wd_wire_in *in, struct wd_error *error)
{
    struct wd_message message;

    if (!receive_part(path, file, in, error))
        return false;
    if (!wd_wire_next(in, &message) || message.kind != WD_MESSAGE_PART)
        return wd_error_set(error, "%s: not a part of a run", path);
    if (!take_identity(path, plan, &message, range, error))
        return false;
    while (wd_wire_next(in, &message))
        wd_take_message(state, &message);
    return true;
}

bool wd_part_read(const char *path, const struct wd_fuzz_plan *plan, struct wd_fuzz_state *state,
                  struct wd_part_range *range, struct wd_error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct wd_wire_in in = {0};
    bool good;

    if (file < 0)
        return wd_error_set(error, "%s: %s", path, strerror(errno));
    good = take_part(path, file, plan, state, range, &in, error);
    free(in.memory.data);
    close(file);
    return good;
}

/* A range and the file that tells of it. */
struct told_range {
    struct wd_part_range range;
    const char *path;
};

static int by_begin(const void *a, const void *b)
{
    const struct told_range *one = a, *two = b;

    return one->range.begin < two->range.begin ? -1 : one->range.begin > two->range.begin;
}

/* Whether ranges, sorted, are the plan's cases, each once. */
static bool are_whole(const struct wd_fuzz_plan *plan, const struct told_range *ranges, size_t count,
                      struct wd_error *error)
{
    uint64_t next = plan->begin, end = plan->begin + plan->cases;

    for (size_t i = 0; i < count; i++) {
        if (ranges[i].range.begin < next)
            return wd_error_set(error, "%s: case %" PRIu64 " is told of twice", ranges[i].path, ranges[i].range.begin);
        if (ranges[i].range.begin > next)
            break;
        next = ranges[i].range.end;
    }
    if (next < end)
        return wd_error_set(error, "no part tells of case %" PRIu64, next);
    return next == end ||
           wd_error_set(error, "the parts tell of cases up to %" PRIu64 ", and the run ends with %" PRIu64, next - 1,
                        end - 1);
}

void wd_parts_merge(const struct wd_fuzz_plan *plan, const char *const *paths, size_t count,
                    struct wd_fuzz_state *state)
{
    struct told_range *ranges = wd_allocate(count, sizeof(*ranges));
    bool good = true;

    wd_fuzz_state_begin(state);
    for (size_t i = 0; good && i < count; i++) {
        ranges[i].path = paths[i];
        good = wd_part_read(paths[i], plan, state, &ranges[i].range, &state->error);
    }
    if (good) {
        qsort(ranges, count, sizeof(*ranges), by_begin);
        good = are_whole(plan, ranges, count, &state->error);
    }
    state->whole = good;
    state->end = good ? WD_END_COMPLETE : WD_END_FAILED;
    free(ranges);
}
