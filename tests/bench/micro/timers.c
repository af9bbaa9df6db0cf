/* A thousand to a million timers on one wheel: what setting, moving, cancelling and firing one of
 * them cost. Setting and cancelling do the same work however many there are; what grows is what the
 * cache no longer holds. */
#include <stdio.h>
#include <stdlib.h>

#include "base/timer_wheel.h"
#include "pc/os.h"
#include "support/random.h"

#define TIMERS_MAX  1000000u
#define SPAN_MS     60000u /* they expire within a minute */
#define ROUNDS      5u
#define TICKS_EMPTY 1000000u

/* ns per timer, the least of the rounds: what disturbs only adds. */
struct costs {
    double set;
    double move;
    double cancel;
    double fire;
    double empty_tick;
};

static const uint32_t timer_counts[] = {1000, 10000, 100000, TIMERS_MAX};

static uint32_t timer_count; /* of the table's row */
static uint32_t fired_count;

static void on_fire(struct pc_worker *worker, struct pc_timer *timer)
{
    (void)worker;
    (void)timer;
    fired_count++;
}

static double least(double best, uint64_t began_us, uint64_t count)
{
    double each_ns = (double)(pc_os_monotonic_us() - began_us) * 1000 / (double)count;
    return best == 0 || each_ns < best ? each_ns : best;
}

static void set_all(struct timer_wheel *wheel, struct pc_timer *timers,
                    struct random_source *random, uint64_t now_ms)
{
    for (uint32_t i = 0; i < timer_count; i++) {
        timer_wheel_set(wheel, &timers[i], now_ms + random_below(random, SPAN_MS), on_fire);
    }
}

static void run_round(struct timer_wheel *wheel, struct pc_timer *timers, uint64_t *now_ms,
                      struct costs *costs)
{
    struct random_source random = {.state = 1};
    uint64_t began_us = pc_os_monotonic_us();
    set_all(wheel, timers, &random, *now_ms);
    costs->set = least(costs->set, began_us, timer_count);

    began_us = pc_os_monotonic_us();
    set_all(wheel, timers, &random, *now_ms);
    costs->move = least(costs->move, began_us, timer_count);

    began_us = pc_os_monotonic_us();
    for (uint32_t i = 0; i < timer_count; i += 2) {
        timer_wheel_cancel(wheel, &timers[i]);
    }
    costs->cancel = least(costs->cancel, began_us, timer_count / 2);

    fired_count = 0;
    began_us = pc_os_monotonic_us();
    for (uint64_t end_ms = *now_ms + SPAN_MS + TIMER_TICK_MS; *now_ms < end_ms;
         *now_ms += TIMER_TICK_MS) {
        timer_wheel_advance(wheel, *now_ms, NULL);
    }
    timer_wheel_advance(wheel, *now_ms, NULL);
    costs->fire = least(costs->fire, began_us, timer_count / 2);

    began_us = pc_os_monotonic_us();
    for (uint32_t i = 0; i < TICKS_EMPTY; i++) {
        timer_wheel_advance(wheel, *now_ms += TIMER_TICK_MS, NULL);
    }
    costs->empty_tick = least(costs->empty_tick, began_us, TICKS_EMPTY);
}

static bool run_row(struct timer_wheel *wheel, struct pc_timer *timers)
{
    uint64_t now_ms = 1000;
    struct costs costs = {0};
    timer_wheel_init(wheel, now_ms);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        run_round(wheel, timers, &now_ms, &costs);
        if (fired_count != timer_count / 2 || wheel->count != 0) {
            (void)fprintf(stderr, "timers: %u fired\n", fired_count);
            return false;
        }
    }
    (void)printf("| %u | %.1f | %.1f | %.1f | %.1f | %.1f |\n", timer_count, costs.set, costs.move,
                 costs.cancel, costs.fire, costs.empty_tick);
    return true;
}

int main(void)
{
    struct timer_wheel *wheel = malloc(sizeof *wheel);
    struct pc_timer *timers = calloc(TIMERS_MAX, sizeof *timers);
    if (wheel == NULL || timers == NULL) {
        return EXIT_FAILURE;
    }
    (void)printf("| timers | set ns | move ns | cancel ns | fire ns, cascades included "
                 "| empty tick ns |\n| --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof timer_counts / sizeof timer_counts[0]; i++) {
        timer_count = timer_counts[i];
        if (!run_row(wheel, timers)) {
            return EXIT_FAILURE;
        }
    }
    (void)printf("\n%zu bytes a timer, %zu bytes a wheel\n", sizeof *timers, sizeof *wheel);
    free(timers);
    free(wheel);
    return EXIT_SUCCESS;
}
