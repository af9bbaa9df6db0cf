/* The end of standard input as a stop signal.
 *
 * Happy path: a thread reads until the end and raises the signal. It is never joined: when
 * something else stops the server it may wait for input for ever, and the process ends over it.
 * Failure modes: none; an input that cannot be read has ended.
 * Path: outside the byte path. */
#include "common/server_stdin.h"

#include <stdio.h>

#include "pc/os.h"

/* Kept, so that what the thread owns stays reachable for leak checkers. */
static struct pc_thread *server_stdin__thread;

static void server_stdin__read(void *argument)
{
    (void)argument;
    while (getchar() != EOF) {
    }
    pc_os_stop_signal_raise();
}

bool server_stop_on_stdin_close(void)
{
    server_stdin__thread = pc_thread_start("stdin", server_stdin__read, NULL);
    return server_stdin__thread != NULL;
}
