/* Congestion control of TCP: which algorithm paces a connection's sending. The system has a
 * default; a port can be made with another for all its connections (pc_congestion_check,
 * pc/runtime.h). */
#pragma once

/* Set it for a TCP socket, and for what a listener accepts from now on. name: NULL leaves the
 * system's. Returns 0 or -errno. */
int congestion_set(int descriptor, const char *name);
