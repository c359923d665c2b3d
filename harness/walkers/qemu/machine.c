/* SPDX-License-Identifier: MIT */
#include "harness/walkers/qemu/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "harness/support/process.h"
#include "harness/walkers/qemu/forks.h"
#include "harness/walkers/qemu/forks_image.h"
#include "walkdiff/oracle.h"

/* The stub's place: the flash, where the CPU comes out of reset. */
#define FLASH_BASE UINT64_C(0)

/* The exchange, by offset: the count of answers, what the doorbell tells QEMU, requests, responses. */
enum {
    PROGRESS = 0,
    HANDLES = 0x40,
    BLOCKS = 0x100,
    REQUESTS = 0x1000,
    REQUESTS_SIZE = 0x400000 - REQUESTS,
    RESPONSES = 0x400000,
    RESPONSES_SIZE = 0x400000,
};
_Static_assert((uint64_t)RESPONSES + RESPONSES_SIZE == WD_EXCHANGE_SIZE, "the exchange is used to its end");

/* The file descriptors that QEMU finds: each is of one use. */
enum { MEMORY_FD = WD_DONE_FD + 1, IMAGE_FD, FORKS_FD, FD_END };

/* ---------------------------------------------------------------- the doorbell, as the guest sees it */

/* Semihosting: operations, and the instruction that asks for one (operation in W0, parameter block in X1). */
enum { SYS_OPEN = 1, SYS_WRITE = 5, SYS_READ = 6, SYS_EXIT = 0x18, HLT_SEMIHOSTING = 0xf000 };
enum { MODE_READ_BINARY = 1, MODE_WRITE_BINARY = 5, ADP_STOPPED_APPLICATION_EXIT = 0x20026 };

/* What the doorbell's requests point at, in the exchange. */
struct blocks {
    uint64_t open_given[3], open_done[3]; /* name, mode, length */
    uint64_t ring[3], wait[3];            /* handle, buffer, length */
    uint64_t exit[2];
    char given_name[16], done_name[16];
    uint64_t byte;
};

static uint64_t address_of(size_t offset)
{
    return WD_EXCHANGE_BASE + BLOCKS + offset;
}

/* Asks QEMU for something; X0 is the answer. */
static void emit_semihosting(struct wd_a64_code *code, unsigned operation, size_t block)
{
    wd_a64_emit_constant(code, 1, address_of(block));
    wd_a64_emit(code, wd_a64_movz(0, (uint16_t)operation, 0));
    wd_a64_emit(code, wd_a64_hlt(HLT_SEMIHOSTING));
}

static void emit_open(struct wd_a64_code *code, size_t block, size_t use)
{
    emit_semihosting(code, SYS_OPEN, block);
    wd_a64_emit_constant(code, 1, address_of(use));
    wd_a64_emit(code, wd_a64_str(0, 1, 0));
}

/*
 * Rings, sleeps until the host rings, and ends the machine at the end of file. The pipes are opened when the doorbell
 * is come to for the first time: the handle is 0 before.
 */
static void doorbell(struct wd_a64_code *code)
{
    size_t open;

    wd_a64_emit_constant(code, 1, address_of(offsetof(struct blocks, ring)));
    wd_a64_emit(code, wd_a64_ldr(0, 1, 0));
    open = code->count;
    wd_a64_emit(code, wd_a64_nop());
    emit_open(code, offsetof(struct blocks, open_given), offsetof(struct blocks, wait));
    emit_open(code, offsetof(struct blocks, open_done), offsetof(struct blocks, ring));
    if (open < code->capacity)
        code->words[open] = wd_a64_cbnz(0, 4 * (int64_t)(code->count - open));
    emit_semihosting(code, SYS_WRITE, offsetof(struct blocks, ring));
    emit_semihosting(code, SYS_READ, offsetof(struct blocks, wait));
    open = code->count;
    wd_a64_emit(code, wd_a64_nop());
    emit_semihosting(code, SYS_EXIT, offsetof(struct blocks, exit)); /* a byte was not read */
    if (open < code->capacity)
        code->words[open] = wd_a64_cbz(0, 4 * (int64_t)(code->count - open));
}

static void set_open(uint64_t block[3], char name[16], size_t name_offset, int fd, unsigned mode)
{
    int length = snprintf(name, 16, "/dev/fd/%d", fd);

    block[0] = address_of(name_offset);
    block[1] = mode;
    block[2] = (uint64_t)length;
}

static void write_blocks(uint8_t *exchange)
{
    struct blocks *blocks = (struct blocks *)(exchange + BLOCKS);

    memset(exchange, 0, REQUESTS);
    set_open(blocks->open_given, blocks->given_name, offsetof(struct blocks, given_name), WD_GIVEN_FD,
             MODE_READ_BINARY);
    set_open(blocks->open_done, blocks->done_name, offsetof(struct blocks, done_name), WD_DONE_FD, MODE_WRITE_BINARY);
    blocks->ring[1] = blocks->wait[1] = address_of(offsetof(struct blocks, byte));
    blocks->ring[2] = blocks->wait[2] = 1;
    blocks->exit[0] = ADP_STOPPED_APPLICATION_EXIT;
}

/* ---------------------------------------------------------------- the process */

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)

/* A QEMU that starts can be killed too: it is started again, so often and for so long, at least. */
enum { STARTS = 8, STARTS_SECONDS = 20 };
enum { ARGUMENTS_MAX = 40 + 4 * WD_MODULES_MAX, TEXT_MAX = 160 };

struct arguments {
    char *list[ARGUMENTS_MAX + 1];
    size_t count;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *arguments, const char *format, ...)
{
    va_list values;
    char *text = malloc(TEXT_MAX);

    if (!text || arguments->count == ARGUMENTS_MAX) {
        free(text);
        arguments->failed = true;
        return;
    }
    va_start(values, format);
    vsnprintf(text, TEXT_MAX, format, values);
    va_end(values);
    arguments->list[arguments->count++] = text;
}

static void free_arguments(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++)
        free(arguments->list[i]);
}

/*
 * `maxmem` makes room for modules from the next GiB behind main memory to the end of the physical addresses. QEMU adds
 * a GiB for each slot to what it asks for.
 */
static void add_memory(struct arguments *arguments, const struct wd_physical_map *map)
{
    uint64_t modules = map->count - 1;
    uint64_t begin = (WD_MAIN_MEMORY_BASE + WD_MAIN_MEMORY_SIZE + GIB - 1) / GIB * GIB;
    uint64_t room = (UINT64_C(1) << map->pa_bits) - begin - modules * GIB;

    add(arguments, "-object");
    add(arguments, "memory-backend-file,id=main,mem-path=/dev/fd/%d,share=on,size=%lluM", MEMORY_FD,
        (unsigned long long)(WD_MAIN_MEMORY_SIZE / MIB));
    add(arguments, "-m");
    if (!modules) {
        add(arguments, "%lluM", (unsigned long long)(WD_MAIN_MEMORY_SIZE / MIB));
        return;
    }
    add(arguments, "%lluM,slots=%llu,maxmem=%lluM", (unsigned long long)(WD_MAIN_MEMORY_SIZE / MIB),
        (unsigned long long)modules, (unsigned long long)((WD_MAIN_MEMORY_SIZE + room) / MIB));
    for (size_t i = 1; i < map->count; i++) {
        add(arguments, "-object");
        add(arguments, "memory-backend-ram,id=memory%zu,size=%lluM", i,
            (unsigned long long)(map->ranges[i].size / MIB));
        add(arguments, "-device");
        add(arguments, "pc-dimm,memdev=memory%zu,addr=%#llx", i, (unsigned long long)map->ranges[i].base);
    }
}

static void make_arguments(const struct wd_machine *machine, struct arguments *arguments)
{
    add(arguments, "%s", machine->config.binary);
    add(arguments, "-machine");
    /* Windows of devices, all ones to a table walk. Without the options (7.2) modules leave them no room. */
    add(arguments, "virt,secure=on,virtualization=on,gic-version=3,memory-backend=main%s",
        machine->config.has_high_windows ? ",highmem-mmio=off,highmem-ecam=off,highmem-redists=off" : "");
    add(arguments, "-cpu");
    add(arguments, "%s", machine->config.cpu);
    add(arguments, "-accel");
    add(arguments, "tcg,thread=single,tb-size=16");
    add(arguments, "-no-user-config");
    add(arguments, "-nodefaults");
    add(arguments, "-display");
    add(arguments, "none");
    add(arguments, "-semihosting-config");
    add(arguments, "enable=on,target=native");
    add(arguments, "-bios");
    add(arguments, "/dev/fd/%d", IMAGE_FD);
    add_memory(arguments, &machine->map);
}

/* In the new process: brings the files to their numbers and becomes QEMU. */
static _Noreturn void become(const struct wd_machine *machine, char **arguments, int parent, int given, int done)
{
    int files[FD_END] = {
        [WD_GIVEN_FD] = given,
        [WD_DONE_FD] = done,
        [MEMORY_FD] = machine->memory_file,
        [IMAGE_FD] = machine->image_file,
        [FORKS_FD] = machine->forks_file,
    };
    int null = open("/dev/null", O_RDWR);
    char forks[TEXT_MAX];

    wd_end_with_parent(parent);
    /* First out of the way: a file may have the number that another shall get. */
    for (int fd = WD_GIVEN_FD; fd < FD_END; fd++)
        files[fd] = fcntl(files[fd], F_DUPFD, FD_END);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(machine->words_file, STDERR_FILENO);
    for (int fd = WD_GIVEN_FD; fd < FD_END; fd++)
        dup2(files[fd], fd);
    close_range(FD_END, ~0U, 0);
    /* The linker says so if it can not load it, and QEMU runs without. */
    snprintf(forks, sizeof(forks), "/dev/fd/%d", FORKS_FD);
    setenv("LD_PRELOAD", forks, 1);
    /* Huge pages for its heap: a copy of QEMU has a page table less for each. glibc 2.35 and later know it. */
    setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    execvp(arguments[0], arguments);
    fprintf(stderr, "%s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

static bool spawn(struct wd_machine *machine, struct wd_error *error)
{
    struct arguments arguments = {0};
    int given[2] = {-1, -1}, done[2] = {-1, -1}, parent = getpid();
    pid_t pid = -1;

    make_arguments(machine, &arguments);
    write_blocks(machine->exchange);
    if (!arguments.failed && pipe2(given, O_CLOEXEC) == 0 && pipe2(done, O_CLOEXEC) == 0) {
        pid = fork();
        if (pid == 0)
            become(machine, arguments.list, parent, given[0], done[1]);
    }
    free_arguments(&arguments);
    close_end(&given[0]);
    close_end(&done[1]);
    machine->given_end = given[1];
    machine->done_end = done[0];
    machine->pid = pid < 0 ? 0 : pid;
    return pid > 0 || wd_error_set(error, "qemu: cannot start a process: %s", strerror(errno));
}

/* ---------------------------------------------------------------- its end */

/* The last line with a word in it that QEMU wrote. */
static void last_line(int file, char line[WD_LAST_LINE_MAX])
{
    char text[WD_LAST_LINE_MAX];
    off_t size = lseek(file, 0, SEEK_END);
    off_t begin = size > (off_t)sizeof(text) - 1 ? size - (off_t)sizeof(text) + 1 : 0;
    ssize_t length = pread(file, text, sizeof(text) - 1, begin);
    char *end, *start;

    line[0] = '\0';
    if (length <= 0)
        return;
    for (end = text + length; end > text && end[-1] == '\n'; end--)
        ;
    *end = '\0';
    start = strrchr(text, '\n');
    memmove(line, start ? start + 1 : text, strlen(start ? start + 1 : text) + 1);
}

/* What it says next is not to be taken for what it said. */
static void forget_words(const struct wd_machine *machine)
{
    if (ftruncate(machine->words_file, 0))
        abort(); /* of a file in memory, which is ours */
}

static void describe(const struct wd_machine *machine, int status, struct wd_death *death)
{
    const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;

    if (name)
        snprintf(death->how, sizeof(death->how), "SIG%.16s", name);
    else
        snprintf(death->how, sizeof(death->how), "%s %d", WIFSIGNALED(status) ? "signal" : "exit status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    death->killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    last_line(machine->words_file, death->words);
    forget_words(machine);
}

static void bury(struct wd_machine *machine, struct wd_death *death)
{
    int status = 0;

    close_end(&machine->given_end);
    close_end(&machine->done_end);
    while (waitpid(machine->pid, &status, 0) < 0 && errno == EINTR)
        ;
    machine->pid = 0;
    if (death)
        describe(machine, status, death);
    machine->depth = 0;
}

static bool ring(const struct wd_machine *machine, uint8_t what)
{
    ssize_t length;

    do
        length = write(machine->given_end, &what, 1);
    while (length < 0 && errno == EINTR);
    return length == 1;
}

static ssize_t read_whole(int end, void *bytes, size_t size)
{
    ssize_t length;

    do
        length = read(end, bytes, size);
    while (length < 0 && errno == EINTR);
    return length;
}

/* What comes of having rung. */
enum bell { BELL_RUNG, BELL_REPORT, BELL_END };

/* Waits for the stub's bell, or for what is said instead of it. */
static enum bell wait_for_bell(struct wd_machine *machine, struct wd_fork_report *report)
{
    if (read_whole(machine->done_end, &report->ring, 1) != 1)
        return BELL_END;
    if (report->ring != WD_RING_REPORT)
        return BELL_RUNG;
    if (read_whole(machine->done_end, &report->ring + 1, sizeof(*report) - 1) != (ssize_t)sizeof(*report) - 1)
        return BELL_END;
    return ring(machine, (uint8_t)(WD_RING_RESUME + report->depth)) ? BELL_REPORT : BELL_END;
}

/* ---------------------------------------------------------------- the interface */

static bool build_image(struct wd_machine *machine, struct wd_error *error)
{
    const struct wd_agent_config config = {
        .base = FLASH_BASE,
        .requests = WD_EXCHANGE_BASE + REQUESTS,
        .responses = WD_EXCHANGE_BASE + RESPONSES,
        .progress = WD_EXCHANGE_BASE + PROGRESS,
        .registers = machine->config.registers,
        .register_count = machine->config.register_count,
        .has_pan = machine->config.has_pan,
        .el3_entry = true,
        .with_memory = true,
        .tlb_maintenance = true,
        .doorbell = doorbell,
    };
    size_t size;

    if (!wd_agent_build(&config, &machine->image))
        return wd_error_set(error, "qemu: the stub does not fit");
    size = machine->image.word_count * sizeof(uint32_t);
    if (ftruncate(machine->image_file, 0) ||
        pwrite(machine->image_file, machine->image.words, size, 0) != (ssize_t)size)
        return wd_error_set(error, "qemu: cannot write the stub: %s", strerror(errno));
    return true;
}

static bool make_files(struct wd_machine *machine)
{
    size_t forks_size;
    const void *forks = wd_forks_image(&forks_size);

    machine->memory_file = memfd_create("walkdiff-memory", MFD_CLOEXEC);
    machine->image_file = memfd_create("walkdiff-stub", MFD_CLOEXEC);
    machine->forks_file = memfd_create("walkdiff-forks", MFD_CLOEXEC);
    machine->words_file = memfd_create("walkdiff-qemu-stderr", MFD_CLOEXEC);
    if (machine->memory_file < 0 || machine->image_file < 0 || machine->words_file < 0 || machine->forks_file < 0 ||
        write(machine->forks_file, forks, forks_size) != (ssize_t)forks_size ||
        fcntl(machine->words_file, F_SETFL, O_APPEND) || ftruncate(machine->memory_file, WD_MAIN_MEMORY_SIZE))
        return false;
    machine->memory = mmap(NULL, WD_MAIN_MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, machine->memory_file, 0);
    machine->exchange = machine->memory + (WD_EXCHANGE_BASE - WD_MAIN_MEMORY_BASE);
    return machine->memory != MAP_FAILED;
}

bool wd_machine_start(struct wd_machine *machine, const struct wd_machine_config *config, struct wd_error *error)
{
    *machine = (struct wd_machine){
        .config = *config,
        .memory_file = -1,
        .image_file = -1,
        .forks_file = -1,
        .words_file = -1,
        .given_end = -1,
        .done_end = -1,
    };
    signal(SIGPIPE, SIG_IGN); /* a QEMU that is gone is noticed by what write() says */
    if (!make_files(machine))
        return wd_error_set(error, "qemu: no memory to share: %s", strerror(errno));
    wd_map_make(&machine->map, config->pa_bits);
    return build_image(machine, error) && wd_machine_restart(machine, error);
}

/* Gives main memory back: what cases used of it, and the device tree that QEMU puts at its beginning. */
static bool clear_main_memory(struct wd_machine *machine, struct wd_error *error)
{
    machine->deaths = 0;
    return !fallocate(machine->memory_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                      WD_EXCHANGE_BASE - WD_MAIN_MEMORY_BASE) ||
           wd_error_set(error, "qemu: cannot clear memory: %s", strerror(errno));
}

static void clear_words_of(const struct wd_machine *machine, const struct wd_agent_word *words, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t offset = words[i].pa - WD_MAIN_MEMORY_BASE;

        if (offset < WD_EXCHANGE_BASE - WD_MAIN_MEMORY_BASE)
            memset(machine->memory + offset, 0, sizeof(words[i].value));
    }
}

/*
 * Clears what a copy that died left in main memory: the words of the context in hand. Behind its last query that may be
 * this one still or the next one already. (Modules are each copy's own.)
 */
static void clear_words_in_hand(const struct wd_machine *machine)
{
    const uint8_t *next = machine->exchange + REQUESTS, *end = next + REQUESTS_SIZE;
    uint64_t contexts = ((const struct wd_agent_batch *)next)->contexts, answered = wd_machine_answered(machine);
    const size_t head = machine->image.context_words * sizeof(uint64_t);

    next += sizeof(struct wd_agent_batch);
    for (uint64_t queries = 0; contexts-- > 0 && queries <= answered && (size_t)(end - next) >= head;) {
        const struct wd_agent_context *context = (const struct wd_agent_context *)next;
        const struct wd_agent_word *words = (const struct wd_agent_word *)(next + head);
        uint64_t room = (uint64_t)(end - next) - head;

        queries += context->queries;
        if (context->words > room / sizeof(*words) ||
            context->queries > (room - context->words * sizeof(*words)) / sizeof(struct wd_agent_query))
            return; /* no request of ours */
        if (queries >= answered)
            clear_words_of(machine, words, context->words);
        next += head + context->words * sizeof(*words) + context->queries * sizeof(struct wd_agent_query);
    }
}

/* So that what cases used of main memory at some time does not stay for ever. */
enum { DEATHS_MAX = 256 };

bool wd_machine_restart(struct wd_machine *machine, struct wd_error *error)
{
    const double patience_ends = wd_now() + STARTS_SECONDS;
    struct wd_death death = {.killed = true};
    struct wd_fork_report report;

    if (machine->pid && ++machine->deaths < DEATHS_MAX) {
        clear_words_in_hand(machine);
        return true;
    }
    if (machine->pid)
        return clear_main_memory(machine, error);
    for (unsigned i = 0; death.killed && (i < STARTS || wd_now() < patience_ends); i++) {
        if (!spawn(machine, error))
            return false;
        if (wait_for_bell(machine, &report) == BELL_RUNG) {
            forget_words(machine);
            return clear_main_memory(machine, error);
        }
        bury(machine, &death);
    }
    return wd_error_set(error, "qemu: %s does not start: %s%s%s", machine->config.binary, death.how,
                        death.words[0] ? ": " : "", death.words);
}

const uint64_t *wd_machine_id_registers(const struct wd_machine *machine)
{
    return (const uint64_t *)(machine->exchange + RESPONSES);
}

void wd_machine_learn(const struct wd_machine *machine, struct wd_cpu *cpu,
                      enum wd_register registers[WD_REGISTER_COUNT], struct wd_machine_config *config)
{
    const uint64_t *values = wd_machine_id_registers(machine);

    for (size_t i = 0; wd_agent_id_register(i) < WD_REGISTER_COUNT; i++)
        cpu->id[wd_agent_id_register(i)] = values[i];
    cpu->ignores_tge = true;
    config->register_count = wd_cpu_loaded_registers(cpu->id, registers);
    config->registers = registers;
    config->has_pan = wd_has_feature(cpu->id, WD_FEAT_PAN);
    config->pa_bits = wd_pa_max(cpu->id);
}

uint8_t *wd_machine_requests(struct wd_machine *machine, size_t *size)
{
    *size = REQUESTS_SIZE;
    return machine->exchange + REQUESTS;
}

const uint8_t *wd_machine_responses(const struct wd_machine *machine, size_t *size)
{
    *size = RESPONSES_SIZE;
    return machine->exchange + RESPONSES;
}

uint32_t wd_machine_answered(const struct wd_machine *machine)
{
    return *(volatile const uint32_t *)(machine->exchange + PROGRESS);
}

/*
 * The chain of copies: behind the QEMU that was started, which never runs again, one that has been through a round, so
 * that it has translated the stub; of that one the copy that runs; and of that one another for each risky round.
 */
enum { CHAIN = 2, RISKY_CHAIN };

/* Has the QEMU that waits go on, if it shall and can in a copy. */
static enum bell go_on(struct wd_machine *machine, bool risky, struct wd_fork_report *report)
{
    uint8_t what = machine->depth < (risky ? RISKY_CHAIN : CHAIN) ? WD_RING_GO_IN_CHILD : WD_RING_GO;
    enum bell bell = ring(machine, what) ? wait_for_bell(machine, report) : BELL_END;

    if (bell == BELL_REPORT && !report->forked)
        return ring(machine, WD_RING_GO) ? wait_for_bell(machine, report) : BELL_END;
    /* Without the library the stub rings with what it was rung with. */
    if (bell == BELL_RUNG && what == WD_RING_GO_IN_CHILD && report->ring == WD_RING_GO)
        machine->depth++;
    return bell;
}

enum wd_round wd_machine_round(struct wd_machine *machine, bool risky, struct wd_death *death)
{
    struct wd_fork_report report;

    *(volatile uint32_t *)(machine->exchange + PROGRESS) = 0;
    switch (go_on(machine, risky, &report)) {
    case BELL_RUNG:
        return WD_ROUND_DONE;
    case BELL_REPORT:
        machine->depth = report.depth;
        describe(machine, report.status, death);
        break;
    case BELL_END:
        bury(machine, death);
        break;
    }
    return WD_ROUND_DIED;
}

void wd_machine_stop(struct wd_machine *machine)
{
    if (!machine->config.binary)
        return;
    if (machine->pid) {
        kill(machine->pid, SIGKILL);
        bury(machine, NULL);
    }
    if (machine->memory && machine->memory != MAP_FAILED)
        munmap(machine->memory, WD_MAIN_MEMORY_SIZE);
    close_end(&machine->memory_file);
    close_end(&machine->image_file);
    close_end(&machine->forks_file);
    close_end(&machine->words_file);
    machine->config.binary = NULL;
}

/* ---------------------------------------------------------------- its version */

static bool read_version(FILE *output, char version[WD_QEMU_VERSION_MAX])
{
    char line[256];
    const char *number;
    size_t length;

    if (!fgets(line, sizeof(line), output))
        return false;
    number = strpbrk(line, "0123456789");
    length = number ? strspn(number, "0123456789.") : 0;
    if (strncmp(line, "QEMU emulator", 13) != 0 || !length || length >= WD_QEMU_VERSION_MAX)
        return false;
    memcpy(version, number, length);
    version[length] = '\0';
    return true;
}

/* Asks once. @return the wait status, or -1 with errno */
static int ask_version(const char *binary, char version[WD_QEMU_VERSION_MAX], bool *good)
{
    int output[2], status = -1;
    pid_t pid;
    FILE *file;

    *good = false;
    if (pipe2(output, O_CLOEXEC))
        return -1;
    pid = fork();
    if (pid == 0) {
        dup2(output[1], STDOUT_FILENO);
        execlp(binary, binary, "--version", (char *)NULL);
        _exit(127);
    }
    close(output[1]);
    file = fdopen(output[0], "r");
    *good = pid > 0 && file && read_version(file, version);
    if (file)
        fclose(file);
    else
        close(output[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

bool wd_qemu_version(const char *binary, char version[WD_QEMU_VERSION_MAX], struct wd_error *error)
{
    const double patience_ends = wd_now() + STARTS_SECONDS;
    bool good = false, killed = true;
    int status = -1;

    for (unsigned i = 0; killed && !good && (i < STARTS || wd_now() < patience_ends); i++) {
        status = ask_version(binary, version, &good);
        killed = status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }
    if (good)
        return true;
    if (status < 0)
        return wd_error_set(error, "qemu: cannot start a process: %s", strerror(errno));
    return wd_error_set(error, "qemu: %s %s (Debian: qemu-system-arm; ./walkdiff doctor tells more)", binary,
                        WIFEXITED(status) && WEXITSTATUS(status) == 127 ? "was not found" : "is no QEMU");
}
