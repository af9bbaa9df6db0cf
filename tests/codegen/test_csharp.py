"""The generated C#: no warning of the compiler, the vectors that C and Python pass, no garbage, an
application. Compiled with Mono's mcs for C# 7.2.

Its programs lie in tests/generated/csharp."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from support import ROOT, case_count, every_set, make_versions, need, pcgen, run

HERE = ROOT / "tests" / "generated" / "csharp"
WIDE = ROOT / "tests" / "generated" / "wide" / "wide.yaml"
SPOKEN = ROOT / "tests" / "generated" / "usage" / "wide.yaml"  # by Usage.cs
SETS = every_set()
CHECK = (HERE / "CheckVectors.cs", HERE / "Json.cs")
USAGE = (HERE / "Usage.cs").read_text(encoding="utf-8")


def mcs(program: Path, *sources: Path) -> str:
    """What the compiler says; nothing if all is well."""
    result = run(need("mcs"), "-langversion:7.2", "-warn:4", "-warnaserror", "-nologo",
                 "-r:System.Numerics.dll", f"-out:{program}", *sources)
    return (result.stdout + result.stderr) if result.returncode else ""


def sources_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.cs"))


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csharp")
    for name, inputs in {**SETS, "usage": [SPOKEN]}.items():
        made = pcgen("gen", "--csharp", folder / name, *inputs)
        assert made.returncode == 0, made.stderr
        assert pcgen("vectors", "--out", folder / name, *inputs).returncode == 0
    return folder


def checked(program: Path, vectors: Path) -> tuple[int, str]:
    result = run(need("mono"), program, vectors)
    return result.returncode, result.stdout + result.stderr


@pytest.mark.parametrize("name", SETS)
def test_vectors_are_read_and_written_as_in_c_and_without_garbage(generated: Path,
                                                                  name: str) -> None:
    program = generated / f"{name}.exe"
    assert mcs(program, *CHECK, *sources_of(generated / name)) == ""
    vectors = generated / name / "vectors.json"
    status, output = checked(program, vectors)
    assert status == 0, output
    assert f"{case_count(vectors)} cases, " in output


@pytest.mark.parametrize(("old", "new", "said"), [
    ("reader.Check(Level >= 1 && Level <= 60, _pc.WireError.RANGE);", "", "range"),
    ("SetDefaults(3);", "", "defaults"),
    ("reader.Text(Plain, 3, 20, 1, _pc.Charset.ASCII)",
     "reader.Text(Plain, 3, 20, 1, _pc.Charset.UTF8)", "charset"),
    ("Cold = reader.I16();", "Cold = reader.I16(); new object();", "garbage"),
    ("writer.U8(Channel);", "", "version"),
])
def test_wrong_code_would_be_found(generated: Path, tmp_path: Path, old: str, new: str,
                                   said: str) -> None:
    text = (generated / "usage" / "Wide.cs").read_text()
    assert old in text
    (tmp_path / "Wide.cs").write_text(text.replace(old, new))
    others = [path for path in sources_of(generated / "usage") if path.name != "Wide.cs"]
    result = run(need("mcs"), "-langversion:7.2", "-r:System.Numerics.dll",
                 f"-out:{tmp_path / 'wrong.exe'}", *CHECK, tmp_path / "Wide.cs", *others)
    assert result.returncode == 0, result.stdout
    status, output = checked(tmp_path / "wrong.exe", generated / "usage" / "vectors.json")
    assert status == 1 and said in output, output


def api_of(folder: Path, *sources: Path) -> set[str]:
    """What the code uses of the framework: types and members."""
    assert mcs(folder / "api.exe", HERE / "ListApi.cs", *sources) == ""
    result = run(need("mono"), folder / "api.exe")
    assert result.returncode == 0, result.stderr
    return set(result.stdout.splitlines())


def test_only_what_netstandard_has_is_used(generated: Path, tmp_path: Path) -> None:
    """Mono has more than .NET Standard 2.1, whose list is ours, read member by member."""
    listed = (HERE / "netstandard21.txt").read_text(encoding="utf-8").splitlines()[1:]
    used = [api_of(tmp_path, *sources_of(generated / name)) for name in SETS]
    assert sorted(set().union(*used)) == listed


def test_use_of_another_member_would_be_found(generated: Path, tmp_path: Path) -> None:
    old = "Cold = reader.I16();"
    text = (generated / "wide" / "Wide.cs").read_text()
    assert old in text
    (tmp_path / "Wide.cs").write_text(text.replace(
        old, old + " global::System.Console.Beep();"))
    others = [path for path in sources_of(generated / "wide") if path.name != "Wide.cs"]
    assert "System.Console.Beep()" in api_of(tmp_path, tmp_path / "Wide.cs", *others)


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """Both sides, and their cases."""
    folder = tmp_path_factory.mktemp("versions")
    count = make_versions(folder, "--csharp")
    shutil.rmtree(folder / "now" / "Pcwire")  # the same as old's
    for name in ("old", "now"):
        shutil.rmtree(folder / name / "Roles")  # of one name in both
    return folder, count


def check_versions(folder: Path) -> tuple[int, str]:
    said = mcs(folder / "versions.exe", HERE / "CheckVersions.cs", HERE / "Json.cs",
               *sources_of(folder))
    assert said == ""
    result = run(need("mono"), folder / "versions.exe", folder / "old" / "vectors.json",
                 folder / "now" / "vectors.json")
    return result.returncode, result.stdout + result.stderr


def test_old_and_new_side_read_each_other(versions: tuple[Path, int]) -> None:
    folder, count = versions
    assert check_versions(folder) == (0, f"{count} cases, 0 failures\n")


def test_new_side_that_is_wrong_would_be_found(versions: tuple[Path, int], tmp_path: Path) -> None:
    shutil.copytree(versions[0], tmp_path, dirs_exist_ok=True)
    source = tmp_path / "now" / "Now.cs"
    text = source.read_text()
    assert "if (version < 3)" in text
    source.write_text(text.replace("if (version < 3)", "if (version < 1)"))
    status, output = check_versions(tmp_path)
    assert status == 1 and "move, " in output, output


def application(generated: Path, folder: Path, text: str) -> str:
    """What the compiler says to an application of two protocols."""
    (folder / "Usage.cs").write_text(text, encoding="utf-8")
    return mcs(folder / "usage.exe", folder / "Usage.cs", *sources_of(generated / "usage"),
               generated / "protocol" / "Client.cs", generated / "protocol" / "Common.cs")


def test_application_works(generated: Path, tmp_path: Path) -> None:
    assert application(generated, tmp_path, USAGE) == ""
    result = run(need("mono"), tmp_path / "usage.exe")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("wrong", re.findall(r"\n.*\n +// not compiled: .*", USAGE))
def test_application_that_is_wrong_does_not_compile(generated: Path, tmp_path: Path,
                                                    wrong: str) -> None:
    text = USAGE.replace(wrong, "\n" + wrong.split("// not compiled: ")[1])
    assert "error CS" in application(generated, tmp_path, text)


def test_names_that_csharp_knows_are_no_trouble(tmp_path: Path) -> None:
    names = ("object string buffer array math exception system span range frame reader writer tag "
             "packet_id frame_min frame_max id equals get_type to_string get_hash_code "
             "reference_equals write read set_defaults event lock params ref out base checked "
             "decimal value version size payload i portcullis pcwire frames known "
             "wire_error").split()
    fields = "".join(f"      - {name}: u8\n" for name in names)
    packets = "".join(f"  {name}: {{id: {number}, flow: client -> gate, fields: [{name}: u64]}}\n"
                      for number, name in enumerate(names, 2))
    (tmp_path / "buffer.yaml").write_text(
        "protocol: buffer\nversion: 1\nroles: [client, gate]\n"
        "flows: [{flow: client -> gate, ids: 1-99}]\n"
        f"structs:\n  has_x:\n    fields:\n      - x: u8?\n  all:\n    fields:\n{fields}"
        f"packets:\n{packets}  first:\n    id: 1\n    flow: client -> gate\n"
        "    fields: [all: all, has_x: has_x]\n")
    made = pcgen("gen", "--csharp", tmp_path / "cs", tmp_path / "buffer.yaml")
    assert made.returncode == 0, made.stderr
    assert pcgen("vectors", "--out", tmp_path, tmp_path / "buffer.yaml").returncode == 0
    assert mcs(tmp_path / "names.exe", *CHECK, *sources_of(tmp_path / "cs")) == ""
    status, output = checked(tmp_path / "names.exe", tmp_path / "vectors.json")
    assert status == 0, output
