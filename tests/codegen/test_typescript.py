"""The generated TypeScript: strict types, the vectors that C and Python pass, an application.

Its programs lie in tests/generated/typescript."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import ROOT, case_count, every_set, make_versions, need, pcgen, run

HERE = ROOT / "tests" / "generated" / "typescript"
WIDE = ROOT / "tests" / "generated" / "wide" / "wide.yaml"
USAGE = ROOT / "tests" / "generated" / "usage" / "wide.yaml"
SETS = every_set()
STRICT = ("--strict --noImplicitReturns --noFallthroughCasesInSwitch --noUncheckedIndexedAccess "
          "--exactOptionalPropertyTypes --noImplicitOverride --noPropertyAccessFromIndexSignature "
          "--isolatedModules --target es2020 --module es2020 --moduleResolution node --lib es2020"
          ).split()


def tsc(folder: Path, *arguments: str | Path) -> str:
    """What the compiler says; its modules come to lie in <folder>/js."""
    sources = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.ts"))
               if not path.name.endswith(".d.ts")]
    result = run(need("tsc"), *STRICT, "--declaration", "--outDir", "js", *arguments,
                 *sources, cwd=folder)
    (folder / "js").mkdir(exist_ok=True)
    (folder / "js" / "package.json").write_text('{"type": "module"}')
    return result.stdout if result.returncode else ""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All sets of protocols and the application, in <folder>/js as JavaScript."""
    folder = tmp_path_factory.mktemp("typescript")
    for name, inputs in {**SETS, "usage": [USAGE]}.items():
        made = pcgen("gen", "--typescript", folder / name, *inputs)
        assert made.returncode == 0, made.stderr
    shutil.copy(HERE / "usage.ts", folder)
    assert tsc(folder) == ""
    return folder


@pytest.mark.parametrize("name", SETS)
def test_vectors_are_read_and_written_as_in_c(compiled: Path, name: str) -> None:
    assert pcgen("vectors", "--out", compiled / name, *SETS[name]).returncode == 0
    vectors = compiled / name / "vectors.json"
    result = run(need("node"), HERE / "check_vectors.mjs", compiled / "js" / name, vectors)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{case_count(vectors)} cases, " in result.stdout


def test_old_and_new_side_read_each_other(tmp_path: Path) -> None:
    count = make_versions(tmp_path, "--typescript")
    assert tsc(tmp_path) == ""
    sides = [tmp_path / part for name in ("old", "now")
             for part in (f"js/{name}", f"{name}/vectors.json")]
    result = run(need("node"), HERE / "check_versions.mjs", *sides)
    assert result.stdout + result.stderr == f"{count} cases, 0 failures\n"
    assert result.returncode == 0
    module = tmp_path / "js" / "now" / "now.js"
    text = module.read_text()
    assert "if (version < 3)" in text
    module.write_text(text.replace("if (version < 3)", "if (version < 1)"))
    result = run(need("node"), HERE / "check_versions.mjs", *sides)
    assert result.returncode == 1, result.stdout


def test_application_works(compiled: Path) -> None:
    result = run(need("node"), compiled / "js" / "usage.js")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("old", "new"), [
    ("writer.f32(value.x)", "writer.f64(value.x)"),
    ("reader.count(4, 40, 1)", "reader.count(0, 40, 1)"),
    ('reader.text(3, 20, 1, "ascii")', 'reader.text(3, 20, 1, "utf8")'),
    ("reader.flags(reader.u16(), 0x8003)", "reader.u16()"),
    ("if (reader.atEnd)", "if (false)"),
])
def test_wrong_module_would_be_found(compiled: Path, tmp_path: Path, old: str, new: str) -> None:
    js = tmp_path / "js"
    shutil.copytree(compiled / "js" / "usage", js / "usage")
    (js / "package.json").write_text('{"type": "module"}')
    module = js / "usage" / "wide.js"
    text = module.read_text()
    assert old in text
    module.write_text(text.replace(old, new))
    assert pcgen("vectors", "--out", tmp_path, USAGE).returncode == 0
    result = run(need("node"), HERE / "check_vectors.mjs", js / "usage", tmp_path / "vectors.json")
    assert result.returncode == 1, result.stdout


def test_names_that_javascript_knows_are_no_trouble(tmp_path: Path) -> None:
    names = ("object string number array map error promise record symbol never unknown "
             "function arguments eval let var type module exports require readonly super "
             "prototype date set reader writer value item version start tag partial").split()
    fields = "".join(f"      - {name}: u8\n" for name in (*names, "constructor", "frame"))
    packets = "".join(f"  {name}: {{id: {number}, flow: client -> gate, fields: [{name}: u64]}}\n"
                      for number, name in enumerate(names, 2))
    (tmp_path / "reader.yaml").write_text(
        "protocol: reader\nversion: 1\nroles: [client, gate]\n"
        "flows: [{flow: client -> gate, ids: 1-99}]\n"
        f"structs:\n  all:\n    fields:\n{fields}"
        f"packets:\n{packets}  first:\n    id: 1\n    flow: client -> gate\n"
        "    fields: [all: all]\n")
    made = pcgen("gen", "--typescript", tmp_path / "ts", tmp_path / "reader.yaml")
    assert made.returncode == 0, made.stderr
    assert tsc(tmp_path / "ts") == ""
    assert pcgen("vectors", "--out", tmp_path, tmp_path / "reader.yaml").returncode == 0
    result = run(need("node"), HERE / "check_vectors.mjs", tmp_path / "ts" / "js",
                 tmp_path / "vectors.json")
    assert result.returncode == 0, result.stdout + result.stderr
