"""The db server by itself: what gates and games ask of it, and what outlives its death."""

from __future__ import annotations

import itertools
import resource
import socket
import sqlite3
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import db
import pytest
from cluster import Cluster
from common import Character, Result, Role, Vec2
from harness import ROOT, Config, run, wait_until
from link_peer import LinkPeer, Side, read_key

PacketT = TypeVar("PacketT")

PASSWORD = "correct horse battery"
WAIT_S = 20.0
START = Vec2(x=10.0, y=20.0)


class DbPeer(LinkPeer):
    """A gate or a game, linked to the db; answers are found by their correlation."""

    def __init__(self, cluster: Cluster, role: Role) -> None:
        super().__init__(cluster["db"].address(role.name.lower()))
        self.numbers = itertools.count(1)
        side = Side(
            role=role,
            node="test",
            payload_version=db.VERSION,
            payload_hash=db.COMPAT_HASH,
            payload_schema_hash=db.SCHEMA_HASH,
        )
        self.shake_hands(read_key(cluster.folder / "portcullis.key"), side)
        self.pending = b""

    def answer(self) -> Any:
        """The next packet of db.yaml."""
        deadline = time.monotonic() + WAIT_S
        while True:
            size = struct.unpack_from("<H", self.pending)[0] if len(self.pending) >= 4 else 4
            if len(self.pending) >= max(size, 4):
                frame, self.pending = self.pending[:size], self.pending[size:]
                return db.decode_frame(frame)
            assert time.monotonic() < deadline, "no answer"
            data = self.socket.recv(65536)
            assert data, "the db has closed the link"
            self.pending += data

    def ask(self, packet: Any, answer_type: type[PacketT]) -> PacketT:
        self.send(packet)
        answer = self.answer()
        assert isinstance(answer, answer_type), answer
        assert answer.correlation == packet.correlation  # type: ignore[attr-defined]
        return answer

    def create(self, name: str, password: str = PASSWORD) -> db.AccountCreated:
        packet = db.AccountCreate(correlation=next(self.numbers), name=name, password=password)
        return self.ask(packet, db.AccountCreated)

    def authenticate(self, name: str, password: str = PASSWORD) -> db.Authenticated:
        packet = db.Authenticate(correlation=next(self.numbers), name=name, password=password)
        return self.ask(packet, db.Authenticated)

    def load(self, account_id: int, start: Vec2 = START) -> db.CharacterLoaded:
        packet = db.CharacterLoad(
            correlation=next(self.numbers), account_id=account_id, name="hero", start=start
        )
        return self.ask(packet, db.CharacterLoaded)

    def save(self, character: Character) -> db.CharacterSaved:
        packet = db.CharacterSave(correlation=next(self.numbers), character=character)
        return self.ask(packet, db.CharacterSaved)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("db")).start("db") as cluster:
        yield cluster


@pytest.fixture
def gate(cluster: Cluster) -> Iterator[DbPeer]:
    with DbPeer(cluster, Role.GATE) as peer:
        yield peer


@pytest.fixture
def game(cluster: Cluster) -> Iterator[DbPeer]:
    with DbPeer(cluster, Role.GAME) as peer:
        yield peer


# ---- accounts ----


def test_created_account_authenticates_as_registered(gate: DbPeer) -> None:
    created = gate.create("Anna")
    assert created.result == Result.OK and created.account_id > 0
    answer = gate.authenticate("aNNA")
    assert (answer.result, answer.account_id, answer.name) == (
        Result.OK, created.account_id, "Anna",
    )


def test_names_are_unique_whatever_their_case(gate: DbPeer) -> None:
    assert gate.create("Bertha").result == Result.OK
    again = gate.create("BERTHA")
    assert (again.result, again.account_id) == (Result.NAME_TAKEN, 0)


@pytest.mark.parametrize("name", ["", "ab", "a b c", "x'; --", "caf\u00e9s", "tab\there"])
def test_bad_name_is_refused(gate: DbPeer, name: str) -> None:
    assert gate.create(name).result == Result.NAME_INVALID


def test_hangul_name_is_a_name(gate: DbPeer) -> None:
    assert gate.create("\uae38\ub3d9_7").result == Result.OK
    assert gate.authenticate("\uae38\ub3d9_7").name == "\uae38\ub3d9_7"


def test_short_password_is_refused(gate: DbPeer) -> None:
    assert gate.create("Carla", "1234567").result == Result.PASSWORD_INVALID
    assert gate.create("Carla", "12345678").result == Result.OK


@pytest.mark.parametrize("password", ["", "wrong horse battery", PASSWORD + "x", PASSWORD[:-1]])
def test_wrong_password_and_unknown_name_get_the_same_answer(gate: DbPeer, password: str) -> None:
    gate.create("Dora")
    wrong = gate.authenticate("Dora", password)
    unknown = gate.authenticate("Nobody", password)
    for answer in (wrong, unknown):
        assert answer.result == Result.WRONG_CREDENTIALS
        assert (answer.account_id, answer.name) == (0, "")


def seconds_of_refusal(gate: DbPeer, name: str) -> float:
    before = time.monotonic()
    assert gate.authenticate(name, "wrong horse battery").result == Result.WRONG_CREDENTIALS
    return time.monotonic() - before


def test_unknown_name_takes_as_long_as_a_wrong_password(folder: Path) -> None:
    """The quickest of several is compared: it is the least disturbed by the rest of the machine."""
    costly: Config = {"password": {"memory_kib": 32768, "opslimit": 2}}
    wrong: list[float] = []
    unknown: list[float] = []
    with Cluster(folder, db=costly).start("db") as cluster, DbPeer(cluster, Role.GATE) as gate:
        gate.create("Dorothea")
        for _ in range(9):
            wrong.append(seconds_of_refusal(gate, "Dorothea"))
            unknown.append(seconds_of_refusal(gate, "Nobody"))
    assert 0.5 < min(unknown) / min(wrong) < 2.0


def test_one_name_asked_for_by_many_is_given_once(gate: DbPeer) -> None:
    packets = [
        db.AccountCreate(correlation=number, name="Popular", password=PASSWORD)
        for number in range(50)
    ]
    gate.socket.sendall(b"".join(packet.encode() for packet in packets))
    answers = [gate.answer() for _ in packets]
    assert sorted(answer.correlation for answer in answers) == list(range(50))
    results = [answer.result for answer in answers]
    assert results.count(Result.OK) == 1
    assert results.count(Result.NAME_TAKEN) == 49


# ---- characters ----


def test_first_load_makes_the_character_and_the_next_finds_it(gate: DbPeer, game: DbPeer) -> None:
    account_id = gate.create("Erna").account_id
    first = game.load(account_id)
    assert first.result == Result.OK
    assert (first.character.account_id, first.character.name) == (account_id, "hero")
    assert first.character.position == START and first.character.chat_count == 0
    assert game.load(account_id, Vec2(x=1.0, y=1.0)) == db.CharacterLoaded(
        correlation=2, result=Result.OK, character=first.character
    )


def test_saved_character_comes_back(gate: DbPeer, game: DbPeer) -> None:
    character = game.load(gate.create("Frida").account_id).character
    character.position = Vec2(x=1.25, y=-7.5)
    character.chat_count = 0xFFFFFFFF
    assert game.save(character).result == Result.OK
    assert game.load(character.account_id).character == character


def test_what_does_not_exist_is_an_error_and_the_link_stays(game: DbPeer) -> None:
    assert game.load(0x7FFFFFFFFFFFFFFF).result == Result.INTERNAL
    assert game.load(0xFFFFFFFFFFFFFFFF).result == Result.INTERNAL
    nobody = Character(
        character_id=1 << 63, account_id=5, name="", position=START, chat_count=0
    )
    assert game.save(nobody).result == Result.INTERNAL


def test_saves_of_one_character_keep_their_order(gate: DbPeer, game: DbPeer) -> None:
    character = game.load(gate.create("Gerda").account_id).character
    frames = []
    for number in range(500):
        character.chat_count = number
        frames.append(db.CharacterSave(correlation=number, character=character).encode())
    game.socket.sendall(b"".join(frames))
    answers = [game.answer() for _ in range(500)]
    assert [answer.correlation for answer in answers] == list(range(500))
    assert all(answer.result == Result.OK for answer in answers)
    assert game.load(character.account_id).character.chat_count == 499


def test_writes_share_commits(folder: Path) -> None:
    with Cluster(folder).start("db") as cluster:
        with DbPeer(cluster, Role.GATE) as gate, DbPeer(cluster, Role.GAME) as game:
            character = game.load(gate.create("Hanna").account_id).character
            save = db.CharacterSave(correlation=1, character=character)
            game.socket.sendall(save.encode() * 2000)
            for _ in range(2000):
                assert game.answer().result == Result.OK
        lanes = cluster.stop("db").events("lanes")[0]
    assert int(lanes.get("jobs")) >= 2000
    assert int(lanes.get("transactions")) < int(lanes.get("jobs")) / 2


# ---- limits ----


@pytest.mark.parametrize("name", ["Mona", "nobody-at-all"])
def test_wrong_passwords_make_an_account_busy_for_a_while(folder: Path, name: str) -> None:
    few: Config = {"password": {"failures_max": 3, "failure_pause_ms": 1500}}
    with Cluster(folder, db=few).start("db") as cluster:
        with DbPeer(cluster, Role.GATE) as gate:
            gate.create("Mona")
            gate.create("Other")
            for _ in range(3):
                assert gate.authenticate(name, "wrong password").result == Result.WRONG_CREDENTIALS
        with DbPeer(cluster, Role.GATE) as gate:  # whatever gate asks
            answer = gate.authenticate(name.upper())
            assert (answer.result, answer.account_id) == (Result.BUSY, 0)
            assert gate.authenticate("Other").result == Result.OK
            right = Result.OK if name == "Mona" else Result.WRONG_CREDENTIALS
            wait_until(lambda: gate.authenticate(name).result == right, "a pause is over")
        assert cluster["db"].events("account_limited", {"name": name.upper()})


def test_right_passwords_are_not_counted(gate: DbPeer) -> None:
    gate.create("Nora")
    for _ in range(50):
        assert gate.authenticate("Nora").result == Result.OK


@pytest.mark.native
def test_short_memory_is_no_wrong_password(folder: Path) -> None:
    big: Config = {"password": {"memory_kib": 262144, "opslimit": 1, "threads": 1}}
    with Cluster(folder, db=big).start("db") as cluster, DbPeer(cluster, Role.GATE) as gate:
        assert gate.create("Olga").result == Result.OK
        pid = cluster["db"].process.pid
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
        now = pages * resource.getpagesize()
        short = (now + (32 << 20), resource.RLIM_INFINITY)
        before = resource.prlimit(pid, resource.RLIMIT_AS, short)
        assert gate.authenticate("Olga").result == Result.INTERNAL
        assert gate.authenticate("Nobody").result == Result.INTERNAL
        assert gate.create("Paula").result == Result.INTERNAL
        resource.prlimit(pid, resource.RLIMIT_AS, before)
        assert gate.authenticate("Olga").result == Result.OK
        cluster["db"].wait_event("password_failed", count=3)


def test_full_hash_queue_is_busy_at_once(folder: Path) -> None:
    slow: Config = {"password": {"threads": 1, "queue": 2, "memory_kib": 65536, "opslimit": 2}}
    with Cluster(folder, db=slow).start("db") as cluster, DbPeer(cluster, Role.GATE) as gate:
        packets = [
            db.AccountCreate(correlation=number, name=f"user-{number}", password=PASSWORD)
            for number in range(20)
        ]
        gate.socket.sendall(b"".join(packet.encode() for packet in packets))
        answers = [gate.answer() for _ in packets]
    results = [answer.result for answer in answers]
    assert set(results) == {Result.OK, Result.BUSY}
    last_hashed = max(i for i, result in enumerate(results) if result == Result.OK)
    assert results.index(Result.BUSY) < last_hashed, "a refusal does not wait for the hashes"


def test_too_many_requests_are_busy(folder: Path) -> None:
    few: Config = {"limits": {"requests": 4}}
    with Cluster(folder, db=few).start("db") as cluster, DbPeer(cluster, Role.GATE) as gate:
        packets = [
            db.Authenticate(correlation=number, name="nobody", password=PASSWORD)
            for number in range(100)
        ]
        gate.socket.sendall(b"".join(packet.encode() for packet in packets))
        results = [gate.answer().result for _ in packets]
    assert set(results) == {Result.WRONG_CREDENTIALS, Result.BUSY}


def test_link_that_goes_away_leaves_nothing_behind(folder: Path) -> None:
    with Cluster(folder).start("db") as cluster:
        for number in range(20):
            with DbPeer(cluster, Role.GATE) as gate:
                for part in range(20):
                    gate.send(
                        db.AccountCreate(
                            correlation=part, name=f"gone-{number}-{part}", password=PASSWORD
                        )
                    )
        with DbPeer(cluster, Role.GATE) as gate:
            assert gate.create("still-here").result == Result.OK


# ---- what lasts ----


def test_acknowledged_saves_survive_a_kill(folder: Path) -> None:
    """Kill the db in the middle of a stream of saves; nothing that it acknowledged is lost."""
    with Cluster(folder).start("db") as cluster:
        with DbPeer(cluster, Role.GATE) as gate, DbPeer(cluster, Role.GAME) as game:
            account_id = gate.create("Ida").account_id
            character = game.load(account_id).character
            frames = []
            for number in range(1, 4001):
                character.chat_count = number
                frames.append(db.CharacterSave(correlation=number, character=character).encode())
            game.socket.sendall(b"".join(frames))
            acknowledged = 0
            while acknowledged < 500:
                acknowledged = game.answer().correlation
            cluster.kill("db")
            acknowledged = max([acknowledged, *rest_of(game)])
        cluster.start("db")
        with DbPeer(cluster, Role.GATE) as gate, DbPeer(cluster, Role.GAME) as game:
            assert gate.authenticate("Ida").account_id == account_id
            assert game.load(account_id).character.chat_count >= acknowledged


def rest_of(peer: DbPeer) -> Iterator[int]:
    """The correlations of the saved answers that still arrive."""
    data = peer.pending
    peer.socket.settimeout(WAIT_S)
    try:
        while more := peer.socket.recv(65536):
            data += more
    except (ConnectionError, socket.timeout):
        pass
    while len(data) >= 4 and len(data) >= (size := struct.unpack_from("<H", data)[0]):
        answer = db.decode_frame(data[:size])
        assert isinstance(answer, db.CharacterSaved) and answer.result == Result.OK
        yield answer.correlation
        data = data[size:]


def test_stopped_and_started_again_it_knows_everything(folder: Path) -> None:
    with Cluster(folder).start("db") as cluster:
        with DbPeer(cluster, Role.GATE) as gate:
            account_id = gate.create("Jana").account_id
        cluster.stop("db")
        cluster.start("db")
        with DbPeer(cluster, Role.GATE) as gate:
            assert gate.authenticate("Jana").account_id == account_id


def password_hash(folder: Path, name: str) -> str:
    database = sqlite3.connect(folder / "portcullis.db")
    try:
        row = database.execute("SELECT password_hash FROM account WHERE name = ?", (name,))
        return str(row.fetchone()[0])
    finally:
        database.close()


def test_old_hash_is_renewed_at_login(folder: Path) -> None:
    with Cluster(folder).start("db") as cluster:
        with DbPeer(cluster, Role.GATE) as gate:
            gate.create("Karla")
        cluster.stop("db")
        assert password_hash(folder, "Karla").startswith("$argon2id$v=19$m=8,t=1,")
        cluster.configs["db"]["password"].update({"memory_kib": 64, "opslimit": 2})
        cluster.start("db")
        with DbPeer(cluster, Role.GATE) as gate:
            assert gate.authenticate("Karla", "wrong horse battery").result != Result.OK
            assert gate.authenticate("Karla").result == Result.OK
        cluster.stop("db")
        assert password_hash(folder, "Karla").startswith("$argon2id$v=19$m=64,t=2,")
        cluster.start("db")
        with DbPeer(cluster, Role.GATE) as gate:
            assert gate.authenticate("Karla").result == Result.OK


def test_password_is_in_no_file_and_no_log(folder: Path) -> None:
    secret = "s3cret horse battery"
    with Cluster(folder, db={"log": {"level": "debug"}}).start("db") as cluster:
        with DbPeer(cluster, Role.GATE) as gate:
            gate.create("Lena", secret)
            gate.authenticate("Lena", secret)
            gate.authenticate("Lena", secret + "!")
            gate.create("Lena", secret)
        log = "\n".join(cluster.stop("db").log.lines)
    assert secret not in log
    for path in folder.iterdir():
        assert secret.encode() not in path.read_bytes(), path


def test_newer_database_is_refused(folder: Path) -> None:
    with Cluster(folder).start("db") as cluster:
        cluster.stop("db")
        database = sqlite3.connect(folder / "portcullis.db")
        database.execute("INSERT INTO schema_version VALUES (99, 'future', 0)")
        database.commit()
        database.close()
        refused = run("db", "--config", str(folder / "db.ini"), "--set",
                      f"link.key_file={folder / 'portcullis.key'}", "--set",
                      f"database.path={folder / 'portcullis.db'}")
    assert refused.returncode == 1
    assert "event=database_newer database_version=99" in refused.stderr


# ---- its configuration ----


@pytest.mark.parametrize("name", ["db", "game", "gate"])
def test_shipped_ini_is_what_the_program_prints(name: str) -> None:
    shipped = (ROOT / "servers" / name / f"{name}.ini").read_text(encoding="utf-8")
    assert run(name, "--print-config").stdout == shipped
