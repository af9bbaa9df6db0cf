"""What breaks in earnest: the network on each link, processes that stop, a full disk, no
descriptors left, a clock that jumps. What was acknowledged is there afterwards, always."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from bot_runs import BotRun
from client import EnterReply, EnterWorld, Move, RegisterReply, RegisterRequest
from cluster import Cluster
from common import Result, Vec2
from fault_proxy import FaultProxy, Faults
from gate_client import PASSWORD, Closed, GateClient, unique_name
from harness import BIN_DIR, Config, Server, Unexpected, wait_until

pytestmark = pytest.mark.native

SHIM = BIN_DIR / "tests" / "integration" / "libfault_shim.so"
BOTS = 30
FEW_DESCRIPTORS = 50
# Whose address is replaced by the proxy's: server and section, and where it leads.
LINKS = {
    "gate-game": ("gate", "game", "game", "gate"),
    "gate-db": ("gate", "db", "db", "gate"),
    "game-db": ("game", "db", "db", "game"),
}
STOP_S = (0.5, 2.5)  # shorter and longer than the idle timeout of links


@dataclass(frozen=True)
class Fault:
    """What a network does, and the reasons of which a link ends then; none: it stays."""

    begin: Callable[[FaultProxy], None]
    reasons: tuple[str, ...] = ()


FAULTS = {
    "delay and jitter": Fault(lambda proxy: set_faults(proxy, delay_s=0.01, jitter_s=0.03)),
    "throttled": Fault(lambda proxy: set_faults(proxy, bytes_per_s=20000.0, piece_size=256)),
    "bytes one at a time": Fault(lambda proxy: set_faults(proxy, piece_size=1)),
    "cut": Fault(lambda proxy: proxy.cut(), ("peer", "reset")),
    "reset": Fault(lambda proxy: proxy.reset(), ("reset", "peer")),
    "half-open": Fault(lambda proxy: set_faults(proxy, is_stalled=True), ("idle",)),
    "refused": Fault(lambda proxy: refuse(proxy), ("reset", "peer")),
}


def set_faults(proxy: FaultProxy, **faults: float) -> None:
    proxy.faults = Faults(**faults)  # type: ignore[arg-type]


def refuse(proxy: FaultProxy) -> None:
    proxy.faults = Faults(refuses=True)
    proxy.reset()


class Registrar:
    """Registers accounts one after another until it is stopped; knows which were acknowledged."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.acknowledged: list[str] = []
        self._address = address
        self._is_wanted = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Registrar:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_wanted = False
        self._thread.join()

    def expect_another(self) -> None:
        """It may have to give up first what it asked for during a fault."""
        before = len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) > before, "another registration")

    def _run(self) -> None:
        while self._is_wanted:
            try:
                with GateClient(self._address) as client:
                    client.hello()
                    while self._is_wanted:
                        self._register(client)
            except (AssertionError, OSError, Closed):
                time.sleep(0.05)

    def _register(self, client: GateClient) -> None:
        name = unique_name("acc")
        client.send(RegisterRequest(name=name, password=PASSWORD))
        if client.expect(RegisterReply, timeout=3.0).result == Result.OK:
            self.acknowledged.append(name)
        time.sleep(0.01)


def assert_all_are_there(cluster: Cluster, names: list[str]) -> None:
    """Everybody whose registration was acknowledged can log in, when the gate has its db again."""
    passing = (Result.UNAVAILABLE, Result.BUSY, Result.TIMEOUT)
    for name in names:
        result = passing[0]
        for _ in range(50):
            with cluster.client() as client:
                client.hello()
                result = client.login(name).result
            if result not in passing:
                break
            time.sleep(0.1)
        assert result == Result.OK, name


def serves_anew(cluster: Cluster) -> bool:
    """A new player gets all the way into the world."""
    try:
        with cluster.client() as client:
            client.hello()
            if client.register() != Result.OK or client.login().result != Result.OK:
                return False
            client.send(EnterWorld())
            return client.expect(EnterReply, timeout=2.0).result == Result.OK
    except (AssertionError, OSError, Closed):
        return False


def wait_for_service(cluster: Cluster) -> None:
    wait_until(lambda: serves_anew(cluster), "a new player in the world")


# ---- the network ----


def expect_ends(server: Server, role: str, before: int, reasons: tuple[str, ...]) -> None:
    """A link of the server ends of one of the reasons, and none of another."""
    server.wait_event("link_down", count=before + 1, role=role)
    for event in server.events("link_down", role=role)[before:]:
        assert event.get("reason") in reasons, event


@pytest.mark.parametrize("link", LINKS)
def test_every_fault_of_a_link_is_survived(folder: Path, link: str) -> None:
    """What is only slow goes on being served, over the same link."""
    server, section, peer, peer_type = LINKS[link]
    with Cluster(folder) as cluster:
        cluster.start("db")
        if peer == "game":
            cluster.start("game")
        with FaultProxy(cluster[peer].address(peer_type)) as proxy:
            cluster.peers[server] = {section: proxy.text}
            cluster.start(*(name for name in ("game", "gate") if name not in cluster.running))
            cluster.wait_linked()
            with Registrar(cluster.gate_address) as registrar:
                for name, fault in FAULTS.items():
                    before = len(cluster[server].events("link_down", role=section))
                    fault.begin(proxy)
                    if fault.reasons:
                        expect_ends(cluster[server], section, before, fault.reasons)
                    else:
                        wait_for_service(cluster)
                        ended = cluster[server].events("link_down", role=section)
                        assert len(ended) == before, (name, ended)
                    proxy.heal()
                    wait_for_service(cluster)
                    registrar.expect_another()
            assert_all_are_there(cluster, registrar.acknowledged)
            cluster.stop_all()


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_before_the_gate_is_one_clients_own(folder: Path, fault: str) -> None:
    config: dict[str, Config] = {"gate": {"clients": {"drain_timeout_ms": 500}}}
    with Cluster(folder, **config).start_ready() as cluster:
        with FaultProxy(cluster.gate_address) as proxy, cluster.player() as bystander:
            with GateClient(proxy.address) as client:
                client.to_lobby()
                FAULTS[fault].begin(proxy)
                bystander.echo("during")
                time.sleep(0.5)
                bystander.echo("after")
                proxy.heal()
                if fault in ("cut", "reset", "refused"):
                    client.expect_closed()
                else:
                    client.echo("still there")
            with GateClient(proxy.address) as again:
                again.to_world()


def test_client_that_vanished_without_a_word_is_closed_as_idle(folder: Path) -> None:
    """Half-open: neither FIN nor RST comes, and what the gate sends is never taken."""
    clients = {"idle_timeout_ms": 600, "login_timeout_ms": 1200, "drain_timeout_ms": 300}
    with Cluster(folder, gate={"clients": clients}).start_ready() as cluster:
        with FaultProxy(cluster.gate_address) as proxy, ExitStack() as stack:
            crowd = [stack.enter_context(GateClient(proxy.address)) for _ in range(3)]
            for client in crowd:
                client.to_lobby()
            set_faults(proxy, is_stalled=True)
            cluster["gate"].wait_event("closed", count=3, type="client", reason="idle")
            with cluster.client() as client:
                client.hello()
                client.logout()
            gate = cluster.stop("gate")
        counted = gate.wait_event("counter_closed", type="client", reason="idle")
        assert int(counted.get("count")) == 3
        assert gate.wait_event("counters", type="client").get("open") == "0"


# ---- processes ----


@pytest.mark.parametrize("name", ["db", "game", "gate"])
def test_stopped_server_goes_on_under_load(folder: Path, name: str) -> None:
    """Once shorter than the links' idle timeout, which nobody notices, and once longer, of which
    the links end on both of the other servers."""
    with Cluster(folder).start_ready() as cluster:
        others = [cluster[other] for other in ("db", "game", "gate") if other != name]
        bots = BotRun(cluster.gate_text, BOTS, 5, "--survive", "--rate", "20")
        cluster["game"].wait_event("entered", count=BOTS)
        for seconds, is_noticed in zip(STOP_S, (False, True)):
            cluster[name].process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            for other in others:
                reasons = {event.get("reason") for event in other.events("link_down", role=name)}
                assert reasons == ({"idle"} if is_noticed else set())
            cluster[name].process.send_signal(signal.SIGCONT)
            time.sleep(0.3)
            assert is_noticed or not any(server.events("link_down") for server in others)
        summary = bots.finish()
        assert name == "gate" or summary["connections_lost"] == 0
        wait_for_service(cluster)


def test_killed_db_keeps_what_it_acknowledged(folder: Path) -> None:
    with Cluster(folder).start_ready() as cluster, ExitStack() as stack:
        registrars = [stack.enter_context(Registrar(cluster.gate_address)) for _ in range(4)]
        for _ in range(3):
            time.sleep(0.5)
            cluster.kill("db")
            cluster.start("db")
            wait_for_service(cluster)
        stack.close()
        names = [name for registrar in registrars for name in registrar.acknowledged]
        assert len(names) > 20
        assert_all_are_there(cluster, names)


@pytest.mark.parametrize("name", ["game", "gate"])
def test_killed_server_under_load_loses_nothing_acknowledged(folder: Path, name: str) -> None:
    with Cluster(folder).start_ready() as cluster, ExitStack() as stack:
        bots = BotRun(cluster.gate_text, BOTS, 4, "--survive", "--rate", "20")
        registrars = [stack.enter_context(Registrar(cluster.gate_address)) for _ in range(4)]
        cluster["game"].wait_event("entered", count=BOTS)
        for _ in range(2):
            time.sleep(0.5)
            cluster.kill(name)
            cluster.start(name)
            wait_for_service(cluster)
        summary = bots.finish()
        lost = summary["connections_lost"]
        assert lost >= BOTS if name == "gate" else lost == 0
        assert name != "game" or summary["left_world"] >= BOTS
        stack.close()
        names = {name for registrar in registrars for name in registrar.acknowledged}
        assert len(names) > 20
        cluster.stop_all()
        with closing(sqlite3.connect(folder / "portcullis.db")) as database:
            kept = {row[0] for row in database.execute("SELECT name FROM account")}
        assert names <= kept


# ---- what the system is short of ----


def with_shim(cluster: Cluster, *names: str) -> None:
    if not SHIM.exists():
        raise Unexpected(f"not built: {SHIM}")
    for name in names:
        cluster.environments[name] = {
            "LD_PRELOAD": str(SHIM),
            "PC_FAULT_FOLDER": str(cluster.folder),
            # It must not come first, says AddressSanitizer; here it may.
            "ASAN_OPTIONS": "verify_asan_link_order=0",
        }


def test_full_disk_refuses_and_loses_nothing(folder: Path) -> None:
    full = folder / "disk_full"
    cluster = Cluster(folder)
    with_shim(cluster, "db")
    with cluster.start_ready(), Registrar(cluster.gate_address) as registrar:
        wait_until(lambda: len(registrar.acknowledged) >= 10, "accounts")
        full.touch()
        with cluster.client() as client:
            client.hello()
            assert client.register() not in (Result.OK, Result.NAME_TAKEN)
            assert client.login(registrar.acknowledged[0]).result == Result.OK
        time.sleep(0.3)
        count = len(registrar.acknowledged)
        time.sleep(0.3)
        assert len(registrar.acknowledged) == count
        cluster["db"].wait_event("database_error")
        full.unlink()
        wait_for_service(cluster)
        cluster.kill("db")
        cluster.start("db")
        wait_for_service(cluster)
        assert_all_are_there(cluster, registrar.acknowledged[: count + 1])


def test_save_on_a_full_disk_is_tried_again(folder: Path) -> None:
    full = folder / "disk_full"
    place = Vec2(x=321.0, y=654.0)
    cluster = Cluster(folder)
    with_shim(cluster, "db")
    with cluster.start_ready(), cluster.player() as player:
        full.touch()
        player.send(Move(sequence=1, position=place))
        cluster["game"].wait_event("save_failed")
        full.unlink()
        player.logout()
        wait_until(lambda: place_of(cluster, player.name) == place, "the place to be saved")


def place_of(cluster: Cluster, name: str) -> Vec2 | None:
    """Where the player stands who enters now."""
    with cluster.client() as client:
        client.hello()
        assert client.login(name).result == Result.OK
        reply = client.enter()
        return reply.position if reply.result == Result.OK else None


@pytest.mark.parametrize("engine", ["uring", "epoll"])
def test_gate_without_descriptors_serves_whom_it_has(folder: Path, engine: str) -> None:
    config: dict[str, Config] = {"gate": {"server": {"engine": engine, "workers": 1}}}
    with Cluster(folder, **config) as cluster, ExitStack() as stack:
        cluster.start("db", "game")
        fallbacks = cluster["game"].events("engine_fallback")
        if engine == "uring" and fallbacks:
            pytest.skip(f"engine uring cannot be opened here: {fallbacks[0].get('cause')}")
        cluster.descriptors_max["gate"] = FEW_DESCRIPTORS
        cluster.start("gate")
        cluster.wait_linked()
        low = cluster["gate"].wait_event("descriptors_low", allowed=FEW_DESCRIPTORS)
        assert int(low.get("needed")) > 10000  # the default of clients.sessions_max
        player = stack.enter_context(cluster.player())
        crowd = [stack.enter_context(cluster.client()) for _ in range(FEW_DESCRIPTORS)]
        cluster["gate"].wait_event("accept_failed", status="no_buffers")
        player.echo("here")
        for client in crowd[: FEW_DESCRIPTORS // 2]:
            client.close()
        for client in crowd[FEW_DESCRIPTORS // 2 :]:
            client.hello()
        player.echo("and still")
        stack.close()


def test_clock_that_jumps_disturbs_nobody(folder: Path) -> None:
    cluster = Cluster(folder)
    with_shim(cluster, "db", "game", "gate")
    with cluster.start_ready(), cluster.player() as player:
        started = cluster["gate"].wait_event("started")
        for step_s in (86400, -86400, 10 * 365 * 86400, 0):
            (folder / "clock_step").write_text(str(step_s), encoding="ascii")
            time.sleep(0.6)  # three heartbeats of the links
            player.echo(f"step {step_s}")
            wait_for_service(cluster)
        assert cluster["gate"].events("accepted")[-1].time[:4] == started.time[:4]
        assert any(event.time[:4] != started.time[:4] for event in cluster["gate"].events("login"))
        for server in cluster.running.values():
            assert not server.events("link_down"), server.tail()
