"""A packet more: the YAML and one handler, and nothing else.

Works on a copy of the tree, so that nothing of the copy is seen by the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import ROOT

pytestmark = pytest.mark.native

PARTS = ["CMakeLists.txt", "CMakePresets.json", "codegen", "protocol", "runtime", "servers"]
TIMEOUT_S = 300

YAML = """
  shout_request:
    id: 0x017f
    flow: client -> gate
    states: [greeted, lobby, world]
    fields:
      - text: string<32>
  shout_reply:
    id: 0x027f
    flow: gate -> client
    fields:
      - text: string<32>
"""

GATE_HANDLER = """/* Says it louder. */
#include "proto/gate_dispatch.h"
#include "proto/gate_send.h"

static void on_shout_request(struct pc_session *session, const struct client_shout_request *packet)
{
    struct client_shout_reply reply = {.text_size = packet->text_size};
    for (uint32_t i = 0; i < packet->text_size; i++) {
        char letter = packet->text[i];
        reply.text[i] = letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
    }
    (void)gate_send_client_shout_reply(session, &reply);
}

REGISTER_HANDLER(client_shout_request, on_shout_request);
"""

PLAY = """
import sys
from pathlib import Path
import harness
from cluster import Cluster
import client
folder = Path(sys.argv[1])
folder.mkdir()
with Cluster(folder).start_ready() as cluster:
    with cluster.client() as player:
        player.hello()
        player.send(client.ShoutRequest(text="is anybody there"))
        assert player.expect(client.ShoutReply).text == "IS ANYBODY THERE"
print("heard")
"""


def build(tree: Path, *targets: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["cmake", "--build", str(tree / "build"), "--target", *targets],
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


def add_packets(tree: Path) -> None:
    yaml = tree / "protocol" / "gate_client.yaml"
    yaml.write_text(yaml.read_text(encoding="utf-8").rstrip() + "\n" + YAML, encoding="utf-8")


def test_new_packet_names_its_handler_and_then_works(tree: Path, folder: Path) -> None:
    add_packets(tree)
    refused = build(tree, "gate")
    assert refused.returncode != 0
    assert "gate_handle_client_shout_request" in refused.stdout + refused.stderr

    handler = tree / "servers" / "gate" / "handlers" / "shout.c"
    handler.write_text(GATE_HANDLER, encoding="utf-8")
    built = build(tree, "gate", "game", "db")
    assert built.returncode == 0, built.stdout + built.stderr

    environment = dict(os.environ)
    environment["PORTCULLIS_BIN_DIR"] = str(tree / "build")
    generated = python_folder(tree)
    environment["PYTHONPATH"] = f"{generated}:{ROOT / 'tests' / 'integration'}"
    played = subprocess.run(
        ["/usr/bin/python3", "-c", PLAY, str(folder / "cluster")],
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


def test_wrong_signature_is_a_compile_error(tree: Path) -> None:
    """Runs after the test above: a handler that takes another packet is refused by the compiler."""
    handler = tree / "servers" / "gate" / "handlers" / "shout.c"
    handler.write_text(
        GATE_HANDLER.replace("const struct client_shout_request", "const struct client_logout")
        .replace("packet->text_size", "0u")
        .replace("packet->text[i]", "'x'"),
        encoding="utf-8",
    )
    refused = build(tree, "gate")
    assert refused.returncode != 0
    assert "shout" in refused.stdout + refused.stderr
