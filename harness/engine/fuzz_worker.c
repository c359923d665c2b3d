/* SPDX-License-Identifier: MIT */
#include "harness/engine/fuzz_worker.h"

#include <assert.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "harness/support/allocate.h"
#include "harness/engine/exchange.h"
#include "harness/engine/guide.h"
#include "harness/casefile/case_file.h"
#include "harness/engine/change_text.h"
#include "harness/support/process.h"
#include "harness/engine/proofs.h"
#include "harness/engine/rule_counts.h"
#include "harness/engine/stored.h"
#include "harness/engine/tally.h"
#include "harness/host/walker_host.h"

enum {
    CHUNK = 1024,     /* indices that are taken at a time */
    FIRST_BATCH = 16, /* cases */
    JSON_MAX = 16384, /* a case or a result of ours in JSON fits */
    ID_MAX = 512,     /* of a case */
};

/* Batches are as large as is worked off in about this time: slow walkers must not delay what is known by much. */
static const double batch_seconds_low = 0.010, batch_seconds_high = 0.050;

static const double send_seconds = 0.1; /* what was found is sent this often */

/* Of an acknowledged plan: seconds of work at most that would be lost if everything died now. */
static const double unsettled_seconds = 0.6;

enum { SHORTCUTS = 256 }; /* to buckets */

enum { TELLS_KEPT = 64 }; /* more than can be unsettled */

static_assert(WD_CHOICE_COUNT <= 64, "a judgement has a bit for each choice");

/* The indices of a batch: those of its cases are consecutive. */
struct batch {
    uint64_t first;
    uint8_t profile[WD_BATCH_MAX];
};

/* The bucket of what an explanation that was learned explains. */
struct shortcut {
    const void *recalled; /* the explanation; NULL: none */
    uint8_t walker, verdict;
    struct wd_bucket *bucket;
};

struct worker {
    const struct wd_fuzz_plan *plan;
    struct wd_fuzz_control *control;
    unsigned job;
    int messages;
    struct wd_case_area *area;
    struct wd_walker_host *hosts[WD_WALKERS_MAX];
    uint64_t chunk_next, chunk_end; /* indices taken of which no cases were made yet */
    uint64_t made, judged;          /* batches */
    struct batch batches[WD_SLOTS];
    uint32_t batch_size;
    double last_judged, last_sent; /* times */
    struct wd_tally tally;         /* since it was last sent */
    struct wd_rule_counts rules;   /* that are not in the tally yet */
    struct wd_reached *reached;
    bool reached_more; /* since it was last sent */
    struct wd_buckets *buckets;
    struct shortcut shortcuts[SHORTCUTS];
    struct wd_proofs proofs;
    struct wd_coverage *coverage; /* of a guided run: at the begin of the epoch, and what this process added */
    uint64_t restarts_told[WD_WALKERS_MAX];
    uint64_t processor_told;            /* nanoseconds */
    uint64_t tells;                     /* tallies that were sent */
    double told_at[TELLS_KEPT], waited; /* when, on the clock of seconds that were not spent waiting; and those */
    struct wd_wire_out out;
    struct wd_oracle_output basis;
    struct wd_attribute_source source;              /* of its attributes, if it is a success */
    struct wd_judgement judgements[WD_WALKERS_MAX]; /* of one case */
    struct wd_judgement again;                      /* without what was learned */
};

/* A case in the light of the oracle. */
struct subject {
    const struct wd_case *c;
    uint64_t index;
    uint8_t profile;
    int implementation; /* -1: none that could be inconsistent, or not asked for yet */
    uint64_t choices;   /* IMPLEMENTATION DEFINED ones that were consulted, a bit each */
};

/* What the walkers say of a case, and the judge of that. */
struct answers {
    const struct wd_result *result[WD_WALKERS_MAX];
    uint8_t verdict[WD_WALKERS_MAX]; /* enum wd_verdict */
    int waiver[WD_WALKERS_MAX];      /* of a finding, or -1 */
    struct wd_facets facets;
    bool has_facets;
};

/* ---------------------------------------------------------------- messages */

static void send_all(struct worker *w)
{
    if (!wd_wire_send(&w->out, w->messages))
        _exit(2); /* the coordinator is gone */
}

static void put_bucket(struct worker *w, struct wd_bucket *bucket)
{
    wd_put_bucket(&w->out, bucket);
    bucket->count = 0; /* what is kept is what is still to be sent, and the index of what is shown */
    memset(&bucket->facets, 0, sizeof(bucket->facets));
    wd_bucket_drop_witnesses(bucket);
    bucket->changed = bucket->exhibit_changed = false;
}

static void put_proof(struct worker *w, size_t implementation, size_t walker, size_t choice)
{
    struct wd_proof *proof = wd_proof_of(&w->proofs, implementation, walker, choice);

    if (!proof->changed[WD_SIDE_DEFAULT] && !proof->changed[WD_SIDE_OTHER] && !proof->others)
        return;
    wd_put_proof(&w->out, implementation, walker, choice, proof);
    proof->changed[WD_SIDE_DEFAULT] = proof->changed[WD_SIDE_OTHER] = false;
    proof->others = 0;
}

static void put_proofs(struct worker *w)
{
    for (size_t i = 0; i < WD_IMPLEMENTATIONS_MAX; i++)
        for (size_t walker = 0; w->proofs.blocks[i] && walker < w->plan->walker_count; walker++)
            for (size_t choice = 0; choice < WD_CHOICE_COUNT; choice++)
                put_proof(w, i, walker, choice);
}

static uint64_t processor_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void put_tally(struct worker *w)
{
    for (size_t i = 0; i < w->plan->walker_count; i++) {
        uint64_t restarts = wd_walker_host_restarts(w->hosts[i]);

        w->tally.restarts[i] = restarts - w->restarts_told[i];
        w->restarts_told[i] = restarts;
    }
    w->tally.processor_ns = processor_ns() - w->processor_told;
    w->processor_told += w->tally.processor_ns;
    wd_rule_counts_move(&w->rules, w->tally.rules);
    wd_put_tally(&w->out, &w->tally);
    memset(&w->tally, 0, sizeof(w->tally));
}

static void put_reached(struct worker *w)
{
    wd_put_reached(&w->out, w->reached);
    w->reached_more = false;
}

/* Sends what was found since the last time; the tally is last: with it the coordinator knows all up to a batch. */
static void tell(struct worker *w)
{
    for (size_t i = 0; i < wd_buckets_count(w->buckets); i++)
        if (wd_bucket_at(w->buckets, i)->changed)
            put_bucket(w, wd_bucket_at(w->buckets, i));
    put_proofs(w);
    if (w->reached_more)
        put_reached(w);
    put_tally(w);
    send_all(w);
    w->last_sent = wd_now();
    w->told_at[++w->tells % TELLS_KEPT] = w->last_sent - w->waited;
}

/* The process cannot go on. */
static _Noreturn void give_up(struct worker *w, const char *message)
{
    wd_wire_begin(&w->out, WD_MESSAGE_ERROR);
    wd_wire_put_text(&w->out, message);
    wd_wire_end(&w->out);
    send_all(w);
    _exit(2);
}

/* What a host's incidents are told to. */
struct witness {
    struct worker *worker;
    size_t walker;
};

static void tell_incident(void *context, const struct wd_incident *incident)
{
    const struct witness *witness = context;
    struct worker *w = witness->worker;

    wd_wire_begin(&w->out, WD_MESSAGE_INCIDENT);
    wd_wire_put_u64(&w->out, witness->walker);
    wd_wire_put_u64(&w->out, w->batches[incident->batch % WD_SLOTS].first + incident->index);
    wd_wire_put_u64(&w->out, incident->asked_again);
    wd_wire_put_text(&w->out, incident->how);
    wd_wire_put_text(&w->out, incident->last_words);
    wd_wire_end(&w->out);
    send_all(w);
}

/* Nothing is kept back for long, even while a walker hangs. */
static void tell_if_due(struct worker *w)
{
    if (wd_now() - w->last_sent > send_seconds)
        tell(w);
}

static void idle(void *context)
{
    const struct witness *witness = context;

    tell_if_due(witness->worker);
}

/* Whether more work is not taken over yet than may be lost. */
static bool is_ahead(const struct worker *w)
{
    uint64_t settled = atomic_load(&w->control->settled[w->job]);

    return wd_now() - w->waited - w->told_at[settled % TELLS_KEPT] > unsettled_seconds &&
           !atomic_load(&w->control->nobody) && !atomic_load(&w->control->stop);
}

/* Waits for what was told to be taken over. */
static void wait_until_settled(struct worker *w)
{
    double begin = wd_now();

    if (!w->plan->acknowledged || !is_ahead(w))
        return;
    tell(w);
    while (is_ahead(w)) {
        usleep(1000);
        w->waited += wd_now() - begin;
        begin = wd_now();
    }
}

/* ---------------------------------------------------------------- making cases */

/* Takes more indices. @return false if there are none, or the run is to stop */
static bool take_chunk(struct worker *w)
{
    uint64_t begin = w->plan->begin, cases = w->plan->cases;
    uint64_t limit = cases < UINT64_MAX - begin ? begin + cases : UINT64_MAX;

    if (atomic_load_explicit(&w->control->stop, memory_order_relaxed))
        return false;
    if (w->chunk_next < w->chunk_end)
        return true;
    w->chunk_next = atomic_fetch_add(&w->control->next, CHUNK);
    if (w->chunk_next >= limit) {
        w->chunk_end = w->chunk_next;
        return false;
    }
    w->chunk_end = limit - w->chunk_next < CHUNK ? limit : w->chunk_next + CHUNK;
    return true;
}

/* Tells the coordinator, in case that this process dies, what it has in hand. */
static void note_in_hand(struct worker *w)
{
    bool idle = w->judged == w->made;

    atomic_store_explicit(&w->control->in_hand[w->job].first,
                          idle ? w->chunk_next : w->batches[w->judged % WD_SLOTS].first, memory_order_relaxed);
    atomic_store_explicit(&w->control->in_hand[w->job].end, w->chunk_end, memory_order_relaxed);
}

static unsigned make_case(const struct worker *w, uint64_t index, struct wd_case_buffer *buffer)
{
    if (index < wd_stored_count(w->plan->stored)) {
        wd_stored_make_case(w->plan->stored, index, buffer);
        return 0;
    }
    return w->plan->guide ? wd_guide_make_case(w->plan->guide, w->plan, index, buffer)
                          : wd_plan_make_case(w->plan, index, buffer);
}

/* Makes the next batch and gives it to the walkers. @return false if there are no more cases to be made */
static bool make_batch(struct worker *w)
{
    struct wd_slot *slot = wd_case_area_slot(w->area, w->made);
    struct batch *batch = &w->batches[w->made % WD_SLOTS];
    struct wd_case_buffer *buffer;

    if (!take_chunk(w))
        return false;
    note_in_hand(w);
    wd_slot_clear(slot);
    batch->first = w->chunk_next;
    while (slot->count < w->batch_size && w->chunk_next < w->chunk_end && (buffer = wd_slot_next(slot))) {
        batch->profile[slot->count] = (uint8_t)make_case(w, w->chunk_next++, buffer);
        wd_slot_keep(slot);
    }
    for (size_t i = 0; i < w->plan->walker_count; i++)
        wd_walker_host_submit(w->hosts[i]);
    w->made++;
    return true;
}

/* ---------------------------------------------------------------- judging */

/* The bits of a set, one after the other: the lowest goes. */
static unsigned take_bit(uint64_t *bits)
{
    unsigned bit = (unsigned)__builtin_ctzll(*bits);

    *bits &= *bits - 1;
    return bit;
}

/* Notes the first case that a cell of the coverage is reached by. */
static void reach(struct worker *w, size_t rule, size_t stage, size_t granule, uint64_t index)
{
    uint64_t *by = &w->reached->by[rule][stage][granule];

    if (index < *by) {
        *by = index;
        w->reached_more = true;
    }
}

static void reach_new(struct worker *w, uint64_t index)
{
    for (size_t stage = 0; stage < 2; stage++)
        for (size_t word = 0; word < WD_RULE_WORDS; word++)
            for (uint64_t bits = w->rules.is_new[stage][word]; bits;)
                reach(w, 64 * word + take_bit(&bits), stage, w->basis.granule[stage], index);
}

static void count_rules(struct worker *w, uint64_t index)
{
    if (wd_rule_counts_full(&w->rules))
        wd_rule_counts_move(&w->rules, w->tally.rules);
    if (wd_rule_counts_add(&w->rules, &w->basis))
        reach_new(w, index);
}

/* The IMPLEMENTATION DEFINED choices among those consulted, which are counted. */
static uint64_t count_choices(struct worker *w)
{
    uint64_t fixed = 0;

    for (size_t i = 0; i < w->basis.consulted_count; i++) {
        unsigned choice = w->basis.consulted[i].choice;

        w->tally.consulted[choice]++;
        if (wd_choices[choice].kind == WD_IMPLEMENTATION_DEFINED)
            fixed |= UINT64_C(1) << choice;
    }
    return fixed;
}

/* Which of the blocks that are aimed at the walkers ran for the i-th case of the batch that is judged. */
static struct wd_aimed aimed_of(const struct worker *w, uint32_t i)
{
    struct wd_aimed all = {0};

    for (size_t walker = 0; walker < w->plan->walker_count; walker++)
        for (size_t word = 0; w->plan->walkers[walker].spec.coverage && word < WD_AIMED_WORDS; word++)
            all.blocks[word] |= wd_walker_host_aimed(w->hosts[walker], w->judged)[i].blocks[word];
    return all;
}

/* Tells the coordinator of a case that reached something which no case did before this epoch, as far as we know. */
static void offer_case(struct worker *w, const struct subject *subject, uint32_t i)
{
    const struct wd_case *c = subject->c;
    struct wd_footprint footprint = wd_footprint_of(c, &w->basis);

    footprint.aimed = aimed_of(w, i);
    if (!wd_coverage_add(w->coverage, &footprint))
        return;
    wd_wire_begin(&w->out, WD_MESSAGE_CANDIDATE);
    wd_wire_put_u64(&w->out, subject->index);
    wd_wire_put_u64(&w->out, subject->profile);
    wd_wire_put(&w->out, &footprint, sizeof(footprint));
    wd_wire_put(&w->out, c, sizeof(*c));
    wd_wire_put(&w->out, c->ram, c->ram_count * sizeof(c->ram[0]));
    wd_wire_put(&w->out, c->mem, c->mem_count * sizeof(c->mem[0]));
    wd_wire_end(&w->out);
}

/* Counts what the oracle says of the i-th case of the batch that is judged. */
static void study(struct worker *w, const struct wd_case *c, const struct batch *batch, uint32_t i,
                  struct subject *subject)
{
    static const struct wd_resolution by_default;

    wd_oracle_with_source(c, &by_default, &w->basis, &w->source);
    w->tally.cases++;
    w->tally.successes += w->basis.result.answer == WD_ANSWER_PAR && !WD_GET(w->basis.result.par, PAR_EL1, F);
    subject->c = c;
    subject->index = batch->first + i;
    subject->profile = batch->profile[i];
    subject->implementation = -1;
    count_rules(w, subject->index);
    subject->choices = count_choices(w);
    if (w->plan->guide)
        offer_case(w, subject, i); /* and no proofs: a case that shows one could not be made again */
    else if (subject->choices && !w->plan->against && !w->plan->stored)
        subject->implementation = wd_plan_implementation_of(w->plan, c);
}

static char *result_text(const struct wd_result *result)
{
    char text[JSON_MAX];
    size_t length = wd_result_to_json(result, NULL, text, sizeof(text));

    return wd_copy_text(text, length < sizeof(text) ? length : sizeof(text) - 1);
}

static char *case_text(const struct worker *w, const struct subject *subject)
{
    char id[ID_MAX];
    const struct wd_case_extra extra = {.id = id};
    struct wd_memory text = {0};
    size_t length = JSON_MAX;

    if (subject->index < wd_stored_count(w->plan->stored))
        snprintf(id, sizeof(id), "%s", wd_stored_id(w->plan->stored, subject->index));
    else
        snprintf(id, sizeof(id), "%sseed %llu case %llu", w->plan->guide ? "guided " : "",
                 (unsigned long long)w->plan->seed, (unsigned long long)subject->index);
    do {
        wd_allocated(wd_memory_reserve(&text, length + 1) ? text.data : NULL);
        length = wd_case_to_json(subject->c, &extra, text.data, text.size);
    } while (length >= text.size);
    return text.data;
}

static bool is_answer(const struct wd_result *result)
{
    return result->answer <= WD_ANSWER_UNDEFINED;
}

/* How the other walkers voted on a case in which one differs from the oracle. */
static struct wd_ballot count_votes(const struct worker *w, size_t walker, const struct answers *answers)
{
    struct wd_ballot ballot = {0};
    const struct wd_result *got = answers->result[walker];
    unsigned votes[WD_VOTES] = {0};

    for (size_t i = 0; i < w->plan->walker_count; i++) {
        uint8_t vote = WD_VOTE_OTHER;

        if (i == walker)
            continue;
        if (!is_answer(answers->result[i]) || !is_answer(got))
            vote = WD_VOTE_NONE;
        else if (answers->verdict[i] == WD_VERDICT_AGREE || answers->verdict[i] == WD_VERDICT_PERMITTED)
            vote = WD_VOTE_ORACLE;
        else if (wd_answers_equal(got, answers->result[i]))
            vote = WD_VOTE_SAME;
        ballot.vote[i] = vote;
        votes[vote]++;
    }
    ballot.alone = votes[WD_VOTE_SAME] && !votes[WD_VOTE_ORACLE] && !votes[WD_VOTE_OTHER];
    return ballot;
}

/* Keeps the case of a finding, to be looked at again when the run's causes are known. */
static void keep_witness(const struct worker *w, struct wd_bucket *bucket, const struct subject *subject,
                         const struct wd_result *got)
{
    bool whole = w->plan->guide;

    if (!wd_bucket_wants_witness(bucket, whole))
        return;
    wd_bucket_keep_witness(bucket, &(struct wd_witness){.index = subject->index,
                                                        .profile = subject->profile,
                                                        .got = result_text(got),
                                                        .c = whole ? case_text(w, subject) : wd_copy_text("", 0)});
}

/*
 * What the judge says of a finding that may be shown. Was it judged by what was learned, the judge looks at it once
 * more without: whoever looks at the case alone must see the same.
 */
static const struct wd_judgement *judgement_to_show(struct worker *w, size_t walker, const struct subject *subject,
                                                    const struct answers *answers, struct wd_exhibit *exhibit)
{
    const struct wd_judgement *judgement = &w->judgements[walker];
    struct wd_answerer alone = w->plan->walkers[walker].answerer;

    if (!judgement->recalled)
        return judgement;
    alone.experience = NULL;
    wd_assess(&alone, subject->c, &w->basis, NULL, &answers->facets, answers->result[walker], UINT64_MAX, &w->again);
    exhibit->doubtful = w->again.verdict != judgement->verdict || strcmp(w->again.signature, judgement->signature) != 0;
    if (exhibit->doubtful)
        memcpy(w->again.title, judgement->signature, sizeof(judgement->signature));
    return &w->again;
}

static struct wd_bucket *bucket_of(struct worker *w, size_t walker)
{
    const struct wd_judgement *judgement = &w->judgements[walker];
    const struct wd_bucket_key key = {.walker = (uint8_t)walker,
                                      .verdict = wd_bucket_verdict(judgement),
                                      .cause = judgement->cause,
                                      .also = judgement->also,
                                      .also_check = judgement->also_check,
                                      .signature = judgement->signature};
    struct shortcut *shortcut = &w->shortcuts[(uintptr_t)judgement->recalled / 64 % SHORTCUTS];

    if (judgement->recalled && shortcut->recalled == judgement->recalled && shortcut->walker == walker &&
        shortcut->verdict == key.verdict)
        return shortcut->bucket;
    *shortcut = (struct shortcut){judgement->recalled, key.walker, key.verdict, wd_bucket_of(w->buckets, &key)};
    return shortcut->bucket;
}

/* Puts a finding into its bucket. */
static void file_finding(struct worker *w, size_t walker, const struct subject *subject, const struct answers *answers)
{
    const struct wd_judgement *judgement = &w->judgements[walker];
    struct wd_bucket *bucket = bucket_of(w, walker);
    struct wd_exhibit exhibit = {.index = subject->index, .rule = judgement->rule, .profile = subject->profile};
    struct wd_ballot ballot = count_votes(w, walker, answers);

    keep_witness(w, bucket, subject, answers->result[walker]);
    if (!wd_bucket_add_one(bucket, &answers->facets, &ballot, w->plan->walker_count, subject->index))
        return;
    judgement = judgement_to_show(w, walker, subject, answers, &exhibit);
    exhibit.title = wd_copy_text(judgement->title, strlen(judgement->title));
    exhibit.expected = result_text(&judgement->expected.result);
    exhibit.got = result_text(answers->result[walker]);
    exhibit.c = case_text(w, subject);
    wd_bucket_show(bucket, &exhibit);
}

static void take_proofs(struct worker *w, size_t walker, const struct subject *subject, const struct wd_result *got)
{
    for (size_t side = 0; side < WD_SIDES; side++)
        for (uint64_t bits = w->judgements[walker].proved[side] & subject->choices; bits;) {
            struct wd_proof *proof = wd_proof_of(&w->proofs, (size_t)subject->implementation, walker, take_bit(&bits));

            proof->others += side == WD_SIDE_OTHER;
            if (subject->index < proof->first[side])
                wd_proof_show(proof, side, subject->index, result_text(got));
        }
}

static void count_permitted(struct worker *w, size_t walker)
{
    for (size_t i = 0; i < w->judgements[walker].expected.consulted_count; i++) {
        const struct wd_consulted *consulted = &w->judgements[walker].expected.consulted[i];
        unsigned option = consulted->option < WD_OPTIONS_COUNTED ? consulted->option : WD_OPTIONS_COUNTED - 1;

        w->tally.resolved[walker][consulted->choice][option]++;
    }
}

/* Of the choices of a case, those whose default is proven by smaller indices already. */
static uint64_t settled_choices(const struct worker *w, size_t walker, const struct subject *subject)
{
    uint64_t settled = 0;

    if (subject->implementation < 0)
        return UINT64_MAX;
    for (uint64_t bits = subject->choices; bits;) {
        unsigned choice = take_bit(&bits);
        const struct wd_proof *proof = wd_proof_if_any(&w->proofs, (size_t)subject->implementation, walker, choice);

        if (proof && proof->first[WD_SIDE_DEFAULT] < subject->index)
            settled |= UINT64_C(1) << choice;
    }
    return settled;
}

/* The judge's view of an answer that is not plainly right. */
static enum wd_verdict judge_fully(struct worker *w, size_t walker, const struct subject *subject,
                                   struct answers *answers, uint64_t settled)
{
    const struct wd_result *got = answers->result[walker];
    struct wd_judgement *judgement = &w->judgements[walker];
    int waiver;

    if (!answers->has_facets)
        answers->facets = wd_facets_of(subject->c, &w->basis, subject->profile);
    answers->has_facets = true;
    waiver = wd_assess(&w->plan->walkers[walker].answerer, subject->c, &w->basis, &w->source, &answers->facets, got,
                       settled, judgement);
    answers->waiver[walker] = waiver;
    if (waiver >= 0)
        w->tally.waived[waiver]++;
    if (judgement->verdict == WD_VERDICT_PERMITTED)
        count_permitted(w, walker);
    if (subject->implementation >= 0)
        take_proofs(w, walker, subject, got);
    return judgement->verdict;
}

static enum wd_verdict judge(struct worker *w, size_t walker, const struct subject *subject, struct answers *answers)
{
    const struct wd_result *got = answers->result[walker];
    bool supported = w->basis.result.answer != WD_ANSWER_UNSUPPORTED;
    uint64_t settled = settled_choices(w, walker, subject);

    if (!got->warning_count) {
        if (got->answer == WD_ANSWER_UNSUPPORTED || (!supported && is_answer(got)))
            return WD_VERDICT_UNSUPPORTED;
        if (is_answer(got) && !(subject->choices & ~settled) && wd_answers_equal(&w->basis.result, got))
            return WD_VERDICT_AGREE;
    }
    return judge_fully(w, walker, subject, answers, settled);
}

/* Judges the i-th answers of all walkers. */
static void judge_case(struct worker *w, const struct subject *subject, const struct wd_result *const *results,
                       uint32_t i)
{
    struct answers answers;

    answers.has_facets = false;
    for (size_t walker = 0; walker < w->plan->walker_count; walker++)
        answers.result[walker] = &results[walker][i];
    for (size_t walker = 0; walker < w->plan->walker_count; walker++) {
        answers.verdict[walker] = (uint8_t)judge(w, walker, subject, &answers);
        w->tally.verdicts[walker][subject->profile][answers.verdict[walker]]++;
    }
    for (size_t walker = 0; walker < w->plan->walker_count; walker++)
        if (wd_verdict_is_finding[answers.verdict[walker]])
            file_finding(w, walker, subject, &answers);
}

/* ---------------------------------------------------------------- comparing */

static struct wd_change_side changed_side(const struct worker *w, const struct answers *answers, size_t walker)
{
    int waiver = answers->waiver[walker];

    return (struct wd_change_side){.judgement = &w->judgements[walker],
                                   .got = answers->result[walker],
                                   .waiver = waiver >= 0 ? wd_waiver_id(w->plan->waivers, (size_t)waiver) : NULL};
}

static void file_change(struct worker *w, enum wd_change change, const struct subject *subject,
                        const struct answers *answers)
{
    const struct wd_judgement *wrong =
        wd_verdict_is_finding[answers->verdict[0]] ? &w->judgements[0] : &w->judgements[1];
    const struct wd_change_shown shown = {.change = change,
                                          .basis = &w->basis,
                                          .before = changed_side(w, answers, 1),
                                          .after = changed_side(w, answers, 0)};
    char *signature = wd_change_signature(&shown);
    const struct wd_bucket_key key = {.cause = WD_CAUSE_NONE, .also_check = WD_CAUSE_NONE, .signature = signature};
    struct wd_exhibit exhibit = {.index = subject->index, .rule = wrong->rule, .profile = subject->profile};
    const struct wd_ballot ballot = {0};
    struct wd_bucket *bucket = wd_bucket_of(w->buckets, &key);

    free(signature);
    if (!wd_bucket_add_one(bucket, &answers->facets, &ballot, w->plan->walker_count, subject->index))
        return;
    exhibit.title = wd_copy_text(wrong->title, strlen(wrong->title));
    exhibit.expected = result_text(&w->basis.result);
    exhibit.got = wd_change_json(&shown);
    exhibit.c = case_text(w, subject);
    wd_bucket_show(bucket, &exhibit);
}

/*
 * What the judge says of one of two answers that are not the same. A waiver is counted, and its walker's known mistakes
 * are looked for; but it does not change what an answer is worth.
 */
static struct wd_judged judge_side(struct worker *w, size_t walker, const struct subject *subject,
                                   struct answers *answers)
{
    const struct wd_result *got = answers->result[walker];
    struct wd_judgement *judgement = &w->judgements[walker];

    memset(judgement, 0, sizeof(*judgement));
    answers->waiver[walker] = -1;
    answers->verdict[walker] = (uint8_t)judge(w, walker, subject, answers);
    w->tally.verdicts[walker][subject->profile][answers->verdict[walker]]++;
    if (answers->waiver[walker] >= 0)
        answers->verdict[walker] = judgement->unwaived;
    judgement->verdict = answers->verdict[walker];
    return (struct wd_judged){.verdict = answers->verdict[walker],
                              .warned = got->warning_count,
                              .answered = got->answer != WD_ANSWER_UNSUPPORTED};
}

/* Compares the i-th answers of the walker and of the one that it was before. */
static void compare_case(struct worker *w, const struct subject *subject, const struct wd_result *const *results,
                         uint32_t i)
{
    struct answers answers = {.result = {&results[0][i], &results[1][i]}};
    struct wd_judged after, before;
    enum wd_change change;

    if (wd_results_identical(answers.result[0], answers.result[1]))
        return;
    answers.facets = wd_facets_of(subject->c, &w->basis, subject->profile);
    answers.has_facets = true;
    after = judge_side(w, 0, subject, &answers);
    before = judge_side(w, 1, subject, &answers);
    change = wd_change_of(&before, &after,
                          is_answer(answers.result[0]) && is_answer(answers.result[1]) &&
                              wd_answers_equal(answers.result[1], answers.result[0]));
    w->tally.changes[change]++;
    file_change(w, change, subject, &answers);
}

/* ---------------------------------------------------------------- batches */

/* Keeps batches at a size that is worked off in good time. */
static void adapt_batch_size(struct worker *w)
{
    double time = wd_now(), elapsed = time - w->last_judged;

    w->last_judged = time;
    if (elapsed > batch_seconds_high && w->batch_size > 1)
        w->batch_size /= 2;
    else if (elapsed < batch_seconds_low && w->batch_size < WD_BATCH_MAX)
        w->batch_size *= 2;
}

/* Waits for the answers to the oldest batch under way, and judges them. */
static void judge_batch(struct worker *w)
{
    const struct wd_slot *slot = wd_case_area_slot(w->area, w->judged);
    const struct batch *batch = &w->batches[w->judged % WD_SLOTS];
    const struct wd_result *results[WD_WALKERS_MAX];
    struct wd_error error;

    for (size_t walker = 0; walker < w->plan->walker_count; walker++) {
        results[walker] = wd_walker_host_wait(w->hosts[walker], w->judged, &error);
        if (!results[walker])
            give_up(w, error.text);
    }
    for (uint32_t i = 0; i < slot->count; i++) {
        struct subject subject;

        study(w, slot->cases[i], batch, i, &subject);
        if (w->plan->against)
            compare_case(w, &subject, results, i);
        else
            judge_case(w, &subject, results, i);
    }
    w->judged++;
    if (w->plan->until_finding && wd_buckets_count(w->buckets))
        atomic_store(&w->control->stop, 1);
    adapt_batch_size(w);
    tell_if_due(w);
    wait_until_settled(w);
    w->last_judged = w->plan->acknowledged ? wd_now() : w->last_judged;
}

/* ---------------------------------------------------------------- the process */

static void open_walkers(struct worker *w, struct witness *witnesses)
{
    struct wd_walker_watcher watcher = {.incident = tell_incident, .idle = idle};
    struct wd_error error;

    w->area = wd_case_area_new(WD_BATCH_MAX * sizeof(struct wd_case_buffer), &error);
    if (!w->area)
        give_up(w, error.text);
    for (size_t i = 0; i < w->plan->walker_count; i++) {
        witnesses[i] = (struct witness){.worker = w, .walker = i};
        watcher.context = &witnesses[i];
        w->hosts[i] = wd_walker_host_open(&w->plan->walkers[i].spec, w->area, w->plan->timeout, &watcher, &error);
        if (!w->hosts[i])
            give_up(w, error.text);
    }
}

static bool has_found(const struct worker *w)
{
    return w->plan->until_finding && wd_buckets_count(w->buckets);
}

static void judge_all(struct worker *w)
{
    while (w->judged < w->made && !has_found(w)) /* who hangs would hang in what is left, case by case */
        judge_batch(w);
}

/* Where the next cases are of the next epoch: finishes this one, and waits for the coordinator to begin the next. */
static void wait_for_epoch(struct worker *w)
{
    const struct wd_guide *guide = w->plan->guide;

    if (!guide || !take_chunk(w) || w->chunk_next < atomic_load_explicit(&guide->epoch_end, memory_order_acquire))
        return;
    judge_all(w);
    tell(w);
    while (w->chunk_next >= atomic_load_explicit(&guide->epoch_end, memory_order_acquire) &&
           !atomic_load_explicit(&w->control->stop, memory_order_relaxed))
        usleep(200);
    memcpy(w->coverage, &guide->coverage, sizeof(*w->coverage));
}

static void work(struct worker *w)
{
    wait_for_epoch(w);
    while (make_batch(w)) {
        if (w->made - w->judged == WD_SLOTS)
            judge_batch(w);
        wait_for_epoch(w);
    }
    judge_all(w);
}

_Noreturn void wd_fuzz_worker(const struct wd_fuzz_plan *plan, struct wd_fuzz_control *control, unsigned job,
                              int messages, int parent)
{
    struct worker *w = wd_allocate(1, sizeof(*w));
    struct witness witnesses[WD_WALKERS_MAX];

    wd_end_with_parent(parent);
    w->plan = plan;
    w->control = control;
    w->job = job;
    w->messages = messages;
    w->batch_size = plan->until_finding ? 1 : FIRST_BATCH;
    w->buckets = wd_buckets_new();
    w->reached = wd_reached_new();
    w->coverage = wd_allocate(1, sizeof(*w->coverage));
    if (plan->guide)
        memcpy(w->coverage, &plan->guide->coverage, sizeof(*w->coverage));
    open_walkers(w, witnesses);
    w->last_judged = w->last_sent = w->told_at[0] = wd_now();
    work(w);
    tell(w);
    for (size_t i = 0; i < plan->walker_count; i++)
        wd_walker_host_close(w->hosts[i]);
    wd_wire_begin(&w->out, WD_MESSAGE_DONE);
    wd_wire_end(&w->out);
    send_all(w);
    _exit(0);
}
