"""A whole installation in one folder: key, database, ini files, and db, game and gate as processes.

Every server keeps its port when it is started again, so that the others find it as they would in
earnest. Therefore the ports are not of the system's choice: those lie in the range from which it
gives ports to anybody, also to somebody else while a server of ours is down.
"""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

from gate_client import GateClient
from harness import Config, Server, Unexpected, run, wait_until
from ports import free_port

# Small and quick: the tests are about behaviour, not about strength.
DEFAULTS: dict[str, Config] = {
    "db": {
        "server": {"workers": 1},
        "listen": {"gates": "127.0.0.1:0", "games": "127.0.0.1:0"},
        "database": {"path": "portcullis.db"},
        "password": {"memory_kib": 8, "opslimit": 1, "threads": 2},
        "link": {"node": "db-1"},
    },
    "game": {
        "server": {},
        "gates": {"listen": "127.0.0.1:0"},
        "zone": {"tick_ms": 20, "speed_max": 10000},
        "save": {"interval_ms": 300},
        "link": {"node": "game-1"},
    },
    "gate": {
        "server": {"workers": 2},
        "clients": {"listen": "127.0.0.1:0"},
        "link": {"node": "gate-1"},
    },
}
COMMON: Config = {
    "link": {
        "key_file": "portcullis.key",
        "heartbeat_ms": 200,
        "handshake_timeout_ms": 1000,
        "idle_timeout_ms": 2000,
        "retry_min_ms": 50,
        "retry_max_ms": 300,
    },
}
# Where each server is told to listen: session type -> (section, key).
LISTENERS: dict[str, dict[str, tuple[str, str]]] = {
    "db": {"gate": ("listen", "gates"), "game": ("listen", "games")},
    "game": {"gate": ("gates", "listen")},
    "gate": {"client": ("clients", "listen")},
}
# Whom each server connects to: section of its own config -> (server, session type there).
PEERS: dict[str, dict[str, tuple[str, str]]] = {
    "db": {},
    "game": {"db": ("db", "game")},
    "gate": {"db": ("db", "gate"), "game": ("game", "gate")},
}
START_ORDER = ("db", "game", "gate")


def write_ini(path: Path, config: Config) -> None:
    lines: list[str] = []
    for section, keys in config.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {value}" for key, value in keys.items()]
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")


def merge(base: Config, over: Config) -> Config:
    merged = copy.deepcopy(base)
    for section, keys in over.items():
        merged.setdefault(section, {}).update(keys)
    return merged


class Cluster:
    """The servers of one test. Use as a context manager: leaving stops and checks all of them."""

    def __init__(self, folder: Path, **configs: Config) -> None:
        self.folder = folder
        self.configs = {
            name: merge(merge(DEFAULTS[name], COMMON), configs.get(name, {})) for name in DEFAULTS
        }
        self._choose_ports()
        # In place of a peer's own address: server -> section of its config -> address.
        self.peers: dict[str, dict[str, str]] = {}
        self.environments: dict[str, dict[str, str]] = {}  # in addition to the test's own
        self.descriptors_max: dict[str, int] = {}  # hard limits
        self.running: dict[str, Server] = {}
        self.ended: list[Server] = []
        made = run("db", "--make-key", str(folder / "portcullis.key"))
        if made.returncode != 0:
            raise Unexpected(f"--make-key ended with {made.returncode}: {made.stderr}")

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.stop_all(is_checked=kind is None)

    def __getitem__(self, name: str) -> Server:
        return self.running[name]

    # ---- starting ----

    def start(self, *names: str) -> Cluster:
        for name in names or START_ORDER:
            self._connect_config(name)
            ini = self.folder / f"{name}.ini"
            write_ini(ini, self.configs[name])
            server = Server(
                name,
                self.folder,
                ini,
                environment=self.environments.get(name),
                descriptors_max=self.descriptors_max.get(name),
            )
            self.running[name] = server
            server.wait_event("started")
        return self

    def start_ready(self) -> Cluster:
        """All three, and every link up."""
        self.start()
        self.wait_linked()
        return self

    def wait_linked(self) -> None:
        """Every worker of the gate has its links, and the game has its own."""
        workers = int(self["gate"].wait_event("started").get("workers"))
        for role in ("db", "game"):
            self["gate"].wait_event("link_up", count=workers, role=role)
        self["game"].wait_event("link_up", role="db")

    def _choose_ports(self) -> None:
        """Put a number in the place of every port 0."""
        for name, listeners in LISTENERS.items():
            for section, key in listeners.values():
                address = str(self.configs[name][section][key])
                if address.endswith(":0"):
                    self.configs[name][section][key] = address[:-1] + str(free_port())

    def _connect_config(self, name: str) -> None:
        """Tell a server where its peers listen."""
        for section, (peer, type_name) in PEERS[name].items():
            peer_section, key = LISTENERS[peer][type_name]
            address = str(self.configs[peer][peer_section][key])
            address = self.peers.get(name, {}).get(section, address)
            self.configs[name].setdefault(section, {})["address"] = address

    # ---- using ----

    @property
    def gate_address(self) -> tuple[str, int]:
        return self["gate"].address("client")

    @property
    def gate_text(self) -> str:
        host, port = self.gate_address
        return f"{host}:{port}"

    def client(self) -> GateClient:
        return GateClient(self.gate_address)

    def player(self) -> GateClient:
        """A client in the world."""
        client = self.client()
        client.to_world()
        return client

    # ---- ending ----

    def kill(self, name: str) -> None:
        """End a server at once. For some 20 ms the kernel still keeps the listener of a killed
        process with an io_uring; who starts in that time tries again."""
        server = self.running.pop(name)
        server.kill()
        server.save_log()
        self.ended.append(server)

    def stop(self, name: str) -> Server:
        """Stop in order and check: exit status 0, pools whole, no complaint of a sanitizer."""
        server = self.running.pop(name)
        self.ended.append(server)
        status = server.stop()
        server.save_log()
        if status != 0:
            raise Unexpected(f"{name} ended with {status}\n{server.tail()}")
        if not server.events("stopped", pools_whole="true"):
            raise Unexpected(f"{name} did not report whole pools\n{server.tail()}")
        complaints = [line for line in server.log.lines if "Sanitizer" in line]
        if complaints:
            raise Unexpected(f"{name}: {complaints}\n{server.tail(80)}")
        return server

    def stop_all(self, is_checked: bool = True) -> None:
        problems: list[str] = []
        for name in reversed(START_ORDER):
            if name not in self.running:
                continue
            try:
                self.stop(name)
            except Unexpected as problem:
                problems.append(str(problem))
        if problems and is_checked:
            raise Unexpected("\n".join(problems))

    def copy_database(self, target: Path) -> None:
        shutil.copy(self.folder / "portcullis.db", target)

    def logs(self) -> str:
        servers = [*self.running.values(), *self.ended]
        return "\n".join("\n".join(server.log.lines) for server in servers)


__all__ = ["Cluster", "merge", "wait_until", "write_ini"]
