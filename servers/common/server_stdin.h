/* Stopping a server by the end of its standard input, where its parent cannot send a signal. */
#pragma once

#include <stdbool.h>

/* From now on the end of standard input counts as a stop signal. What is typed is thrown away.
 * False if there is no thread for it. Call once, after pc_os_stop_signal_install. */
bool server_stop_on_stdin_close(void);
