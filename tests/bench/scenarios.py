"""What is measured: the scenarios that are one load on one server after another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

ALL = ("raw_uring", "uring", "raw_epoll", "epoll", "libuv", "libuv_naive", "libevent", "asio")
LADDER = ("raw_uring", "uring", "raw_epoll", "epoll", "asio")  # whose growth is looked at

MANY = 1000  # connections


@dataclass(frozen=True, slots=True)
class Scenario:
    """One load and the servers that bear it, one after another in each round."""

    key: str
    title: str
    options: tuple[str, ...]
    servers: tuple[str, ...] = ALL
    unit: str = "message"
    length: float = 1  # turns so many times longer
    rounds: float = 1  # so many times more of them


def options(clients: int, depth: int = 1, payload: int = 64, mode: str = "echo") -> tuple[str, ...]:
    """Options of the load generator. With many connections it spins: whether it sleeps, and a send
    has to wake it, is chance there and doubles what a message costs the server."""
    return (
        "--mode", mode, "--clients", str(clients), "--depth", str(depth), "--payload", str(payload),
        "--spin", "1" if clients >= MANY else "0",
    )  # fmt: skip


step = partial(Scenario, servers=LADDER, length=4, rounds=0.5)  # many are in flight

SCENARIOS = (
    # Servers are so close to each other here that a round is to be over before the host changes.
    Scenario("a", "1 connection, depth 1", options(1), length=0.25, rounds=4),
    Scenario("b", "64 connections, depth 1", options(64)),
    Scenario("c", "64 connections, depth 32", options(64, 32)),
    Scenario("d", "1,000 connections, depth 1", options(1000)),
    Scenario("e", "64 connections, depth 8, 1 KiB", options(64, 8, 1024)),
    Scenario("f", "connect, one echo, close", options(64, mode="churn"), unit="connection"),
    Scenario("h", "broadcast to 1,000", options(1000, mode="shout"), unit="delivery"),
    Scenario("h1k", "broadcast to 1,000, 1 KiB", options(1000, payload=1024, mode="shout"),
             unit="delivery"),
    Scenario("fragments", "64 x depth 8, sent in 1..24 bytes", options(64, 8, mode="fragments")),
    *(
        step(f"l{count}", f"{count:,} connections, depth 1", options(count))
        for count in (10, 100, 1000, 5000, 15000)
    ),
    step("l15000t", "15,000 connections, 1,000 of them in turn",
         (*options(15000), "--in-flight", "1000", "--rotations", "3")),
)  # fmt: skip
