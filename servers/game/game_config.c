/* The keys of game.ini that only the game has. */
#include "common/config.h"
#include "game.h"

const struct config_key game_config_keys[] = {
    {CONFIG_AT(CONFIG_ADDRESS, struct game_config, gates.listen), .section = "gates",
     .name = "listen", .initial = "127.0.0.1:7100",
     .doc = "Where gates connect. Keep it on a private network."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, gates.links_max), .section = "gates",
     .name = "links_max", .initial = "256", .min = 1, .max = 4096, .unit = "links",
     .doc = "Links that gates may have at once; every worker of every gate has one."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, gates.send_bytes_max), .section = "gates",
     .name = "send_bytes_max", .initial = "67108864", .min = 65536, .max = 1073741824,
     .unit = "bytes",
     .doc =
         "What may wait to be sent on one link (also the db's) before it is closed as too slow."},

    {CONFIG_AT(CONFIG_ADDRESS, struct game_config, db.address), .section = "db", .name = "address",
     .initial = "127.0.0.1:7201", .doc = "The db server, where it listens for games."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, db.timeout_ms), .section = "db",
     .name = "timeout_ms", .initial = "5000", .min = 100, .max = 60000, .unit = "ms",
     .doc = "How long to wait for an answer. A load fails then; a save is tried again."},

    {CONFIG_AT(CONFIG_NUMBER, struct game_config, zone.size_m), .section = "zone", .name = "size_m",
     .initial = "2000", .min = 10, .max = 100000, .unit = "metres",
     .doc = "Length of a side of the zone, which is a square."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, zone.near_m), .section = "zone", .name = "near_m",
     .initial = "50", .min = 1, .max = 100000, .unit = "metres",
     .doc = "How far one sees moves and hears chat."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, zone.players_max), .section = "zone",
     .name = "players_max", .initial = "10000", .min = 1, .max = 1000000, .unit = "players",
     .doc = "Players in the zone at once; one more is refused with zone_full."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, zone.tick_ms), .section = "zone",
     .name = "tick_ms", .initial = "50", .min = 10, .max = 1000, .unit = "ms",
     .doc = "Moves are told to those near once per tick."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, zone.speed_max), .section = "zone",
     .name = "speed_max", .initial = "20", .min = 1, .max = 10000, .unit = "metres per second",
     .doc = "Nobody moves faster over time."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, zone.move_slack_ms), .section = "zone",
     .name = "move_slack_ms", .initial = "1000", .min = 100, .max = 60000, .unit = "ms",
     .doc = "Moving at speed_max for so long may be done at once: what the network held back."},

    {CONFIG_AT(CONFIG_NUMBER, struct game_config, save.interval_ms), .section = "save",
     .name = "interval_ms", .initial = "10000", .min = 100, .max = 3600000, .unit = "ms",
     .doc = "A changed character is saved after this time at the latest; also the pause after a "
            "failed save. Who leaves is saved at once."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, save.in_flight_max), .section = "save",
     .name = "in_flight_max", .initial = "256", .min = 1, .max = 65536, .unit = "saves",
     .doc = "Saves on their way to the db at once."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, save.unsaved_max), .section = "save",
     .name = "unsaved_max", .initial = "10000", .min = 1, .max = 1000000, .unit = "characters",
     .doc = "Characters of players who have left that wait to be saved, beyond players_max. When "
            "all places are taken nobody new enters, so that none is lost."},
    {CONFIG_AT(CONFIG_NUMBER, struct game_config, save.stop_ms), .section = "save",
     .name = "stop_ms", .initial = "5000", .min = 0, .max = 600000, .unit = "ms",
     .doc = "At shutdown: how long to wait until the db has acknowledged every character."},
};

const uint32_t game_config_key_count = sizeof(game_config_keys) / sizeof(game_config_keys[0]);
