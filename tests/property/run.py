"""Random schemas and random bytes: all codecs must say the same, and none may crash.

    run.py --seed 7                      one schema, everything
    run.py --count 100 [--first 1]       many, each in a process of its own
    run.py --seconds 3600 --jobs 2       as many as there is time for, from a seed that is printed

Each schema is generated, compiled with gcc, clang and for Windows, and asked a few hundred
payloads: random values of every packet at every version, and such payloads damaged. gcc's and
clang's programs run under AddressSanitizer and UndefinedBehaviorSanitizer.

Options: --wine     run the Windows program too
         --only     compilers and languages, of gcc,clang,mingw,typescript,csharp
         --keep     folder in which the schema and all that was made of it stays
Exit status 1: something failed; the seed is printed, and the command that does it again."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random, SystemRandom

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "codegen")]

import schema  # noqa: E402
import speakers  # noqa: E402
from pcgen import ir, pipeline  # noqa: E402
from pcgen.vectors.reference import encode  # noqa: E402
from speakers import Failed, Question, Speaker  # noqa: E402
from values import RandomSampler, damaged, one_byte_off  # noqa: E402

ALL = ("gcc", "clang", "mingw", "typescript", "csharp")
GOOD_COUNT = 12  # payloads of each packet as they should be
DAMAGED_COUNT = 40  # of each sort
TIMEOUT_S = 600


def generate(folder: Path, seed: int) -> ir.Program:
    """Write the schema; check it here and generate from it as the build does."""
    for name, text in schema.make(seed).items():
        (folder / name).write_text(text, encoding="utf-8")
    main = folder / "demo.yaml"
    compiled = pipeline.compile_files([main])
    if compiled.program is None:
        raise Failed(f"pcgen refuses the schema\n{compiled.sink.render()}")
    pcgen = (sys.executable, "-I", "-B", ROOT / "codegen" / "pcgen_main.py")
    speakers.run(*pcgen, "gen", "--out", folder / "out", "--typescript", folder / "ts",
                 "--csharp", folder / "cs", main)
    speakers.write_packets_h(compiled.program, folder / "out")
    return compiled.program


def questions_of(program: ir.Program, random: Random) -> Iterator[Question]:
    packets = [packet for protocol in program.protocols for packet in protocol.packets]
    sampler = RandomSampler(random=random)
    for packet in packets:
        good = []
        for _ in range(GOOD_COUNT):
            values = sampler.fields(packet.fields)
            version = random.choice([group.since for group in packet.groups] or [1])
            good.append(encode(packet.fields, values, version))
            yield Question(packet, bytes(good[-1].data), f"good at version {version}")
        for _ in range(DAMAGED_COUNT):
            payloads = [bytes(random.choice(good).data) for _ in range(2)]
            yield Question(packet, damaged(random, *payloads), "damaged")
            yield Question(packet, one_byte_off(random, random.choice(good)), "one byte off")


def build(program: ir.Program, folder: Path, wanted: Sequence[str],
          wine: bool) -> list[Speaker]:
    versions = max(protocol.version for protocol in program.protocols)
    found: list[Speaker] = [speakers.Interpreter(versions),
                            speakers.Python(folder / "out" / "python", versions)]
    for compiler in ("gcc", "clang"):
        if compiler in wanted:
            found.append(speakers.build_c(compiler, folder / "out",
                                          ["-O1", "-g1", *speakers.SANITIZERS]))
    if "mingw" in wanted:
        windows = speakers.build_c(speakers.WINDOWS, folder / "out", ["-O2"])
        found += [windows] if wine else []
    if "typescript" in wanted:
        found.append(speakers.build_typescript(program, folder / "ts", versions))
    if "csharp" in wanted:
        found.append(speakers.build_csharp(folder / "cs", versions))
    return found


def compare(questions: list[Question], asked: list[Speaker]) -> int:
    """How many payloads were taken. Raises Failed at the first disagreement."""
    answers = [speaker.answers(questions) for speaker in asked]
    for speaker, lines in zip(asked, answers, strict=True):
        if len(lines) != len(questions):
            raise Failed(f"{speaker.name}: {len(lines)} answers to {len(questions)} questions")
    taken = 0
    for index, question in enumerate(questions):
        said = [lines[index] for lines in answers]
        taken += said[0] != "no"
        is_wrong = question.origin.startswith("good") and said[0] == "no"
        if is_wrong or len(set(said)) != 1:
            detail = "\n".join(f"    {speaker.name:12} {line[:2000]}"
                               for speaker, line in zip(asked, said, strict=True))
            packet = f"{question.packet.protocol}.{question.packet.name}"
            raise Failed(f"{packet}, {question.origin}: {question.payload.hex()}\n{detail}")
    return taken


def one(seed: int, folder: Path, wanted: Sequence[str], wine: bool) -> str:
    program = generate(folder, seed)
    asked = build(program, folder, wanted, wine)
    questions = list(questions_of(program, Random(seed)))
    taken = compare(questions, asked)
    return (f"{len(questions)} payloads, {taken} taken, the same to "
            f"{', '.join(speaker.name for speaker in asked)}")


def run_one(seed: int, options: argparse.Namespace) -> bool:
    """In this process. Prints a line, and what failed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="property-") as name:
        folder = Path(options.keep) if options.keep else Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            said = one(seed, folder, options.only.split(","), options.wine)
        except Failed as failure:
            print(f"seed {seed}: FAILED\n{failure}\n"
                  f"again: tests/property/run.py --seed {seed} --keep /tmp/property", flush=True)
            return False
    print(f"seed {seed}: {said}; {time.monotonic() - began:.1f} s", flush=True)
    return True


def run_apart(seed: int, options: argparse.Namespace) -> bool:
    """In a process of its own: generated Python modules have names of their own only there."""
    command = [sys.executable, str(HERE / "run.py"), "--seed", str(seed), "--only", options.only]
    command += ["--wine"] if options.wine else []
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    print(ended.stdout.rstrip() or f"seed {seed}: FAILED\n{ended.stderr}", flush=True)
    return ended.returncode == 0


def seeds_of(options: argparse.Namespace) -> Iterator[int]:
    if options.count:
        yield from range(options.first, options.first + options.count)
        return
    first = options.first or SystemRandom().randrange(10**6, 10**9)
    print(f"from seed {first} on", flush=True)
    ends = time.monotonic() + options.seconds
    seed = first
    while time.monotonic() < ends:
        yield seed
        seed += 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default=",".join(ALL))
    parser.add_argument("--wine", action="store_true")
    parser.add_argument("--keep")
    options = parser.parse_args()
    for name in options.only.split(","):
        if name not in ALL:
            parser.error(f"--only: there is no `{name}`; known: {', '.join(ALL)}")
    return options


def main() -> int:
    options = parse()
    if options.seed is not None:
        return 0 if run_one(options.seed, options) else 1
    failed = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        waiting = []
        for seed in seeds_of(options):
            waiting.append(pool.submit(run_apart, seed, options))
            if len(waiting) >= options.jobs:
                failed += not waiting.pop(0).result()
        failed += sum(not future.result() for future in waiting)
    print(f"{failed} failed" if failed else "all agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
