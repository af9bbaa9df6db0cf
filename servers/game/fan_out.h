/* Frames from the game to clients, through the gates.
 *
 * A frame for many is encoded once by the caller. The receivers are grouped by gate link: each link
 * gets one copy with the list of sessions (at most RELAY_FAN_OUT_MAX in one packet) and shares it
 * out on its side.
 * Failure modes: a link whose queue is full is being closed by the runtime; its players leave when
 * it is gone, so nothing is reported from here.
 *
 * Path: [9] of the game. */
#pragma once

#include <stdint.h>

#include "game_client.h"

struct game;

/* To every player who stands near the place, in the zone of the game. */
void fan_out_near(struct game *game, struct common_vec2 center, const uint8_t *frame,
                  uint32_t size);

/* To one client; what the generated game_send_client_<packet> calls. */
enum pc_status game_client_send_frame(struct game_client *client, const uint8_t *frame,
                                      uint32_t size);
