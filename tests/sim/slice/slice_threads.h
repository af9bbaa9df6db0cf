/* Threads of simulated processes: real ones, of which one runs at a time, and only when the driver
 * says so. The linker leads the project's thread, clock and random functions here (--wrap), so that
 * lanes and pools run as they are, in an order that is a choice of the simulation.
 *
 * Happy path: slice_threads_begin; pc_thread_start makes a thread that waits; slice_thread_run lets
 * one go on until it would block, takes a lock or yields; slice_threads_end.
 * Failure modes: a thread that the driver waits for and nobody can wake is an assertion. A killed
 * thread leaves at the place where it waits, as a killed process does: nothing is cleaned up. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "pc/os.h"
#include "port/port_sim.h"

void slice_threads_begin(struct sim_world *world);
void slice_threads_end(void); /* asserts that no thread is left */

/* Threads and stores made from now on belong to this process. */
void slice_threads_set_owner(uint32_t owner);

/* Who owns what is made now: the running thread's process, or the one set. */
uint32_t slice_threads_owner(void);

/* Threads that could go on now. The count holds until anything is done. */
uint32_t slice_threads_ready_count(void);
void slice_thread_run(uint32_t index);

/* The next time at which a thread goes on by itself; UINT64_MAX: never. */
uint64_t slice_threads_due_ms(void);

/* End all threads of a process where they are. */
void slice_threads_kill(uint32_t owner);

/* In a thread: others may go first. */
void slice_thread_yield(void);
