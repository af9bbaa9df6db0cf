/* The process of the test client.
 *
 * Happy path: bots_create divides the bots among the workers and asks the runtime for as many
 * connections per worker; each connection that opens is given to the next bot without one; the last
 * bot that finishes ends the run. Failure modes: a connection that cannot be made fails one bot,
 * unless --survive lets the runtime try again. */
#include "bots.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pc/check.h"
#include "pc/os.h"
#include "proto/client_dispatch.h"

#define DRAIN_MS           2000u
#define CONNECT_TIMEOUT_MS 10000u
#define RETRY_MIN_MS       200u
#define RETRY_MAX_MS       1000u

static struct crew *bots__crew_of(struct pc_worker *worker)
{
    return pc_worker_user(worker);
}

/* ---- the shared moments ---- */

void bots_gather(struct bots *bots)
{
    if (atomic_fetch_add(&bots->gathered, 1) + 1 == bots->bot_count) {
        atomic_store(&bots->play_began_ms, pc_os_monotonic_ms());
    }
}

void bots_finish(struct bots *bots)
{
    if (atomic_fetch_add(&bots->finished, 1) + 1 == bots->bot_count) {
        pc_os_stop_signal_raise();
    }
}

/* ---- what the runtime calls ---- */

/* The next bot of the crew that waits for a connection, or NULL. */
static struct bot *bots__next_waiting(struct crew *crew)
{
    for (uint32_t i = 0; i < crew->member_count; i++) {
        uint32_t seat = (crew->seat_cursor + i) % crew->member_count;
        if (crew->members[seat].step == STEP_CONNECT) {
            crew->seat_cursor = seat + 1;
            return &crew->members[seat];
        }
    }
    return NULL;
}

static void bots__on_open(struct pc_session *session)
{
    struct bot **seat = pc_session_user(session);
    *seat = bots__next_waiting(bots__crew_of(pc_session_worker(session)));
    if (*seat != NULL) {
        bot_connected(*seat, session);
    }
}

static void bots__on_close(struct pc_session *session, enum pc_close_reason reason)
{
    struct bot *bot = bot_of(session);
    if (bot != NULL) {
        bot_disconnected(bot, reason);
    }
}

static void bots__on_relay(struct pc_session *session, const struct pc_accept_entry *entry,
                           const struct pc_frame *frame)
{
    (void)session;
    (void)frame;
    PC_ASSERT(entry->handle != NULL); /* a client relays nothing */
}

static enum pc_status bots__on_worker_start(struct pc_worker *worker)
{
    struct bots *bots = pc_runtime_user(pc_worker_runtime(worker));
    struct crew *crew = &bots->crews[pc_worker_index(worker)];
    crew->worker = worker;
    pc_worker_set_user(worker, crew);
    for (uint32_t i = 0; i < crew->member_count; i++) {
        bot_wait_for_connection(&crew->members[i]);
    }
    return PC_OK;
}

static void bots__on_worker_stop(struct pc_worker *worker)
{
    struct crew *crew = bots__crew_of(worker);
    for (uint32_t i = 0; i < crew->member_count; i++) {
        pc_timer_cancel(worker, &crew->members[i].timer);
    }
}

static void bots__connect_failed(struct bots *bots, const struct pc_event *event)
{
    struct crew *crew = &bots->crews[event->worker];
    struct bot *bot = bots->options.survive ? NULL : bots__next_waiting(crew);
    if (bot != NULL) {
        bot_fail(bot, BOT_ERROR_CONNECT, "expected a connection to %s, got: %s",
                 bots->options.gate_text, pc_status_name(event->status));
    }
}

static const char *bots__event_name(enum pc_event_kind kind)
{
    switch (kind) {
    case PC_EVENT_ENGINE_FALLBACK:
        return "engine_fallback";
    case PC_EVENT_LISTENING:
        return "listening";
    case PC_EVENT_LISTEN_FAILED:
        return "listen_failed";
    case PC_EVENT_ACCEPTED:
        return "accepted";
    case PC_EVENT_ACCEPT_FAILED:
        return "accept_failed";
    case PC_EVENT_ADDRESS_LIMIT:
        return "address_limit";
    case PC_EVENT_CONNECTED:
        return "connected";
    case PC_EVENT_CONNECT_FAILED:
        return "connect_failed";
    case PC_EVENT_REFUSED:
        return "refused";
    case PC_EVENT_STOP_WAITS:
        return "stop_waits";
    case PC_EVENT_CLOSED:
        return "closed";
    }
    return "?";
}

static void bots__log(const struct pc_event *event)
{
    fprintf(stderr, "worker %" PRIu32 " session %" PRIx64 ": %s", event->worker, event->session,
            bots__event_name(event->kind));
    if (event->kind == PC_EVENT_REFUSED) {
        fprintf(stderr, " id 0x%04x size %u: %s %s", event->packet_id, event->packet_size,
                pc_refusal_name(event->refusal), pc_wire_error_name(event->wire_error));
    }
    if (event->kind == PC_EVENT_CLOSED) {
        fprintf(stderr, " %s", pc_close_reason_name(event->reason));
    }
    if (event->status != PC_OK) {
        fprintf(stderr, " %s (%d)", pc_status_name(event->status), (int)event->raw);
    }
    fputc('\n', stderr);
}

static void bots__observe(void *user, const struct pc_event *event)
{
    struct bots *bots = user;
    if (bots->options.log) {
        bots__log(event);
    }
    if (event->kind == PC_EVENT_CONNECT_FAILED) {
        bots__connect_failed(bots, event);
    }
}

/* ---- making it ---- */

/* The greatest number of workers, not above the wish, that leaves each the same number of bots. */
static uint32_t bots__worker_count(const struct options *options, uint32_t bot_count)
{
    uint32_t workers = options->workers < bot_count ? options->workers : bot_count;
    while (bot_count % workers != 0) {
        workers--;
    }
    return workers;
}

static void bots__name_bot(const struct bots *bots, struct bot *bot)
{
    if (bots->options.clients == 0) {
        snprintf(bot->name, sizeof bot->name, "alice-%.4s", bots->run_tag);
    } else {
        snprintf(bot->name, sizeof bot->name, "bot-%s-%" PRIu32, bots->run_tag, bot->number);
    }
    snprintf(bot->password, sizeof bot->password, "secret of %s", bot->name);
}

static bool bots__create_crew(struct bots *bots, struct crew *crew, uint32_t first_number)
{
    crew->bots = bots;
    crew->first_number = first_number;
    crew->member_count = bots->bot_count / bots->crew_count;
    crew->members = calloc(crew->member_count, sizeof *crew->members);
    if (crew->members == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < crew->member_count; i++) {
        struct bot *bot = &crew->members[i];
        bot->crew = crew;
        bot->number = first_number + i;
        bots__name_bot(bots, bot);
    }
    return true;
}

static bool bots__create_crews(struct bots *bots)
{
    bots->crews = calloc(bots->crew_count, sizeof *bots->crews);
    if (bots->crews == NULL) {
        return false;
    }
    uint32_t per_crew = bots->bot_count / bots->crew_count;
    for (uint32_t i = 0; i < bots->crew_count; i++) {
        if (!bots__create_crew(bots, &bots->crews[i], i * per_crew)) {
            return false;
        }
    }
    return true;
}

static enum pc_status bots__create_runtime(struct bots *bots)
{
    struct pc_runtime_config config = {
        .engine = bots->options.engine,
        .worker_count = bots->crew_count,
        .observe = bots__observe,
        .user = bots,
        .on_worker_start = bots__on_worker_start,
        .on_worker_stop = bots__on_worker_stop,
    };
    return pc_runtime_create(&config, &bots->runtime);
}

static enum pc_status bots__add_connector(struct bots *bots)
{
    struct pc_session_type type = {
        .name = "gate",
        .accepts = &client_accepts_gate,
        .user_size = sizeof(struct bot *),
        .sessions_start = bots->bot_count / bots->crew_count,
        .sessions_max = 2 * bots->bot_count, /* a lost one may still be closing */
        .on_open = bots__on_open,
        .on_relay = bots__on_relay,
        .on_close = bots__on_close,
    };
    struct pc_connector_config connector = {
        .address = bots->options.gate,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .retry_min_ms = RETRY_MIN_MS,
        .retry_max_ms = RETRY_MAX_MS,
        .connections = bots->bot_count / bots->crew_count,
        .once = !bots->options.survive,
    };
    connector.type = pc_runtime_add_type(bots->runtime, &type);
    if (connector.type == PC_TYPE_NONE) {
        return PC_NO_MEMORY;
    }
    return pc_runtime_connect(bots->runtime, &connector);
}

bool bots_create(struct bots *bots, const struct options *options)
{
    uint32_t tag;
    memset(bots, 0, sizeof *bots);
    bots->options = *options;
    bots->bot_count = options->clients > 0 ? options->clients : 1;
    bots->crew_count = bots__worker_count(options, bots->bot_count);
    pc_os_random(&tag, sizeof tag);
    snprintf(bots->run_tag, sizeof bots->run_tag, "%08" PRIx32, tag);
    enum pc_status status = PC_NO_MEMORY;
    if (bots__create_crews(bots)) {
        status = bots__create_runtime(bots);
    }
    if (status == PC_OK) {
        status = bots__add_connector(bots);
    }
    if (status != PC_OK) {
        fprintf(stderr, "bots: cannot start: %s\n", pc_status_name(status));
        bots_destroy(bots);
    }
    return status == PC_OK;
}

void bots_destroy(struct bots *bots)
{
    if (bots->runtime != NULL) {
        pc_runtime_destroy(bots->runtime);
    }
    for (uint32_t i = 0; bots->crews != NULL && i < bots->crew_count; i++) {
        free(bots->crews[i].members);
    }
    free(bots->crews);
    memset(bots, 0, sizeof *bots);
}

bool bots_run(struct bots *bots)
{
    enum pc_status status = pc_runtime_start(bots->runtime);
    if (status != PC_OK) {
        fprintf(stderr, "bots: cannot start: %s\n", pc_status_name(status));
        return false;
    }
    bool has_ended = pc_os_stop_signal_wait(UINT32_MAX);
    PC_ASSERT(has_ended);
    return pc_runtime_stop(bots->runtime, DRAIN_MS);
}

void bots_sum(const struct bots *bots, struct bot_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    for (uint32_t i = 0; i < bots->crew_count; i++) {
        bot_stats_merge(stats, &bots->crews[i].stats);
    }
}
