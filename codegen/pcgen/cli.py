"""The command line: what a person or the build types."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pcgen import ir, pipeline, render, unsupported, writer
from pcgen.interp import command as interp
from pcgen.outputs import Output
from pcgen.vectors import lower as lower_vectors

EXAMPLES = """examples:
  pcgen check protocol/*.yaml                       is everything right?
  pcgen gen --out build/generated protocol/*.yaml   write C and Python
  pcgen sizes protocol/*.yaml                       ids and frame sizes of all packets
  pcgen decode --hex 04000101 protocol/*.yaml       frames as JSON, and back with encode

exit status: 0 all is well, 1 errors in the YAML (nothing is written), 2 wrong usage
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pcgen", description="Compile the protocol's YAML files into C and Python.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    gen = commands.add_parser("gen", help="write the generated files")
    gen.add_argument("--out", type=Path, required=True, help="folder for the generated files")
    gen.add_argument("--stamp", type=Path, help="file that is touched when all went well")
    gen.add_argument("--depfile", type=Path, help="write what the stamp depends on")
    gen.add_argument("--manifest", type=Path, help="keep CMake's list of the files up to date")
    gen.add_argument("--verbose", action="store_true", help="say which files changed")

    manifest = commands.add_parser("manifest", help="write which files gen would write, for CMake")
    manifest.add_argument("--cmake", type=Path, required=True, help="the file to write")

    vectors = commands.add_parser("vectors", help="write test vectors of all packets")
    vectors.add_argument("--out", type=Path, required=True, help="folder for vectors.c and .json")
    vectors.add_argument("--depfile", type=Path, help="write what vectors.c depends on")

    check = commands.add_parser("check", help="report errors, write nothing")
    sizes = commands.add_parser("sizes", help="list the packets with their sizes")
    interp.add_parsers(commands)
    for command in (gen, manifest, vectors, check, sizes,
                    *(commands.choices[name] for name in ("encode", "decode"))):
        command.add_argument("yaml", type=Path, nargs="+", help="protocol files")
    return parser


def _inputs(sources: Sequence[Path]) -> list[Path]:
    """Everything that the outputs depend on."""
    package = Path(__file__).resolve().parent
    return [*sources, *package.rglob("*.py"), *render.TEMPLATES.rglob("*.j2")]


def _manifest_is_new(path: Path | None, outputs: Sequence[Output]) -> bool:
    """Bring CMake's list up to date; true if CMake has configured with another one."""
    if path is None or not writer.write_if_changed(path, writer.manifest_cmake(outputs)):
        return False
    sys.stderr.write("pcgen: other files are generated than before (a protocol or role came or "
                     "went, or was renamed); build again, so that CMake sees them\n")
    return True


def _gen(arguments: argparse.Namespace, compiled: pipeline.Compiled, program: ir.Program) -> int:
    outputs = pipeline.emit(program)
    changed = writer.write(arguments.out, outputs)
    if _manifest_is_new(arguments.manifest, outputs):
        return 1
    if arguments.verbose:
        print("\n".join(changed or ["nothing changed"]))
    if arguments.depfile:
        target = arguments.stamp or arguments.out / writer.MANIFEST
        arguments.depfile.write_text(writer.depfile_text(target, _inputs(compiled.sources)))
    if arguments.stamp:
        arguments.stamp.write_text("")
    return 0


def _vectors(arguments: argparse.Namespace, compiled: pipeline.Compiled,
             program: ir.Program) -> None:
    """Not written if unchanged; the depfile's target is touched by the build."""
    table = render.Renderer().render("vectors/vectors.c.j2", lower_vectors.lower(program))
    writer.write_if_changed(arguments.out / "vectors.c", table)
    writer.write_if_changed(arguments.out / "vectors.json", lower_vectors.to_json(program))
    if arguments.depfile:
        arguments.depfile.write_text(
            writer.depfile_text(arguments.out / "vectors.c", _inputs(compiled.sources)))


def _sizes(program: ir.Program) -> None:
    for protocol in program.protocols:
        for packet in protocol.packets:
            flows = ", ".join(str(flow) for flow in packet.flows)
            print(f"0x{packet.id:04x}  {packet.frame.min:5} .. {packet.frame.max:5}  "
                  f"{protocol.name}.{packet.name:<24} {flows}")


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    options = _parser().parse_args(arguments)
    compiled = pipeline.compile_files(options.yaml)
    if compiled.program is None:
        sys.stderr.write(compiled.sink.render())
        return 1
    if options.command in ("gen", "manifest", "vectors"):
        unsupported.run(compiled.files, compiled.program, compiled.sink)
        if compiled.sink.failed:
            sys.stderr.write(compiled.sink.render())
            return 1
    match options.command:
        case "gen":
            return _gen(options, compiled, compiled.program)
        case "manifest":
            writer.write_if_changed(options.cmake,
                                    writer.manifest_cmake(pipeline.emit(compiled.program)))
        case "vectors":
            _vectors(options, compiled, compiled.program)
        case "sizes":
            _sizes(compiled.program)
        case "encode" | "decode":
            return interp.run(options, compiled.program)
        case _:
            print(f"{len(compiled.sources)} files, no errors")
    return 0
