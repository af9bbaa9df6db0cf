"""A packet more: the YAML and one handler, and nothing else.

Works on a copy of the tree, so that nothing of the copy is seen by the repository. Every build is
of all targets, and goes on after an error: whatever else had to be edited would fail, too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import ROOT

pytestmark = pytest.mark.native

PARTS = ["CMakeLists.txt", "CMakePresets.json", "codegen", "protocol", "runtime", "servers"]
TIMEOUT_S = 300

REQUEST = """
  shout_request:
    id: 0x017f
    flow: client -> gate
    states: [greeted, lobby, world]
    fields:
      - text: string<32>
"""
REPLY = """
  shout_reply:
    id: 0x027f
    flow: gate -> client
    fields:
      - text: string<32>
"""

# Answers with a packet that there is.
GATE_HANDLER = """/* Says it louder. */
#include "proto/gate_dispatch.h"
#include "proto/gate_send.h"

static void on_shout_request(struct pc_session *session, const struct client_shout_request *packet)
{
    struct client_echo_reply reply = {.sequence = 7, .text_size = packet->text_size};
    for (uint32_t i = 0; i < packet->text_size; i++) {
        char letter = packet->text[i];
        reply.text[i] = letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
    }
    (void)gate_send_client_echo_reply(session, &reply);
}

REGISTER_HANDLER(client_shout_request, on_shout_request);
"""

# Answers with one of its own.
GATE_HANDLER_2 = (
    GATE_HANDLER.replace("client_echo_reply", "client_shout_reply").replace(".sequence = 7, ", "")
)
BOTS_HANDLER = """/* Nobody has asked. */
#include "bots.h"
#include "proto/client_dispatch.h"

static void on_shout_reply(struct pc_session *session, const struct client_shout_reply *packet)
{
    (void)packet;
    struct bot *bot = bot_of(session);
    if (bot != NULL) {
        bot_fail(bot, BOT_ERROR_UNEXPECTED, "expected no shout_reply here");
    }
}

REGISTER_HANDLER(client_shout_reply, on_shout_reply);
"""

WRONG_HANDLER = """/* Takes another packet, and is right but for that. */
#include "proto/gate_dispatch.h"

static void on_shout_request(struct pc_session *session, const struct client_logout *packet)
{
    (void)session;
    (void)packet;
}

REGISTER_HANDLER(client_shout_request, on_shout_request);
"""

PLAY = """
import sys
from pathlib import Path
from cluster import Cluster
from bot_runs import bots_story
import client
folder = Path(sys.argv[1])
folder.mkdir()
with Cluster(folder).start_ready() as cluster:
    with cluster.client() as player:
        player.hello()
        player.send(client.ShoutRequest(text="is anybody there"))
        reply = player.expect(client.REPLY)
        assert reply.text == "IS ANYBODY THERE", reply
    told = bots_story(cluster.gate_text)
    assert told.returncode == 0, told.stderr
print("heard")
"""


def build(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["cmake", "--build", str(tree / "build"), "--target", "all", "--", "-k", "0"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configured copy of the sources, without tests."""
    tree = tmp_path_factory.mktemp("tree")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, tree / part)
    subprocess.run(
        [
            "cmake", "-S", str(tree), "-B", str(tree / "build"), "-G", "Ninja",
            "-DCMAKE_BUILD_TYPE=Debug", "-DPORTCULLIS_TESTS=OFF",
        ],
        check=True,
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    return tree


def add_packet(tree: Path, packet: str) -> None:
    yaml = tree / "protocol" / "gate_client.yaml"
    yaml.write_text(yaml.read_text(encoding="utf-8").rstrip() + "\n" + packet, encoding="utf-8")


def write_handler(tree: Path, name: str, text: str) -> None:
    (tree / "servers" / name).write_text(text, encoding="utf-8")


def assert_only_missing(tree: Path, program: str, handler: str) -> None:
    """Everything but one program is built, and that one names the handler that it misses."""
    refused = build(tree)
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert re.findall(r"^FAILED: (\S+)", said, re.MULTILINE) == [f"servers/{program}/{program}"]
    assert handler in said


def assert_built_and_played(tree: Path, folder: Path, reply: str) -> None:
    """Everything is built; a player hears the reply, and the test client plays as before."""
    built = build(tree)
    assert built.returncode == 0, built.stdout + built.stderr
    environment = dict(os.environ)
    environment["PORTCULLIS_BIN_DIR"] = str(tree / "build")
    environment["PYTHONPATH"] = f"{python_folder(tree)}:{ROOT / 'tests' / 'integration'}"
    played = subprocess.run(
        ["/usr/bin/python3", "-c", PLAY.replace("REPLY", reply), str(folder / "cluster")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert "heard" in played.stdout


def python_folder(tree: Path) -> Path:
    """Where the build put the generated Python codec."""
    [module] = (tree / "build").rglob("pcwire.py")
    return module.parent


def test_lone_packet_names_its_handler_and_then_works(tree: Path, folder: Path) -> None:
    """Edited: one YAML file. New: one handler."""
    add_packet(tree, REQUEST)
    assert_only_missing(tree, "gate", "gate_handle_client_shout_request")
    write_handler(tree, "gate/handlers/shout.c", GATE_HANDLER)
    assert_built_and_played(tree, folder, "EchoReply")


def test_its_reply_names_the_handler_of_the_client(tree: Path, folder: Path) -> None:
    """Runs after the test above."""
    add_packet(tree, REPLY)
    assert_only_missing(tree, "bots", "client_handle_client_shout_reply")
    write_handler(tree, "bots/handlers/on_shout_reply.c", BOTS_HANDLER)
    write_handler(tree, "gate/handlers/shout.c", GATE_HANDLER_2)
    assert_built_and_played(tree, folder, "ShoutReply")


def test_wrong_signature_is_a_compile_error(tree: Path) -> None:
    """Runs after the tests above: a handler of another packet is refused by the compiler."""
    write_handler(tree, "gate/handlers/shout.c", WRONG_HANDLER)
    refused = build(tree)
    assert refused.returncode != 0
    assert "wrong type of handler for client_shout_request" in refused.stdout + refused.stderr
