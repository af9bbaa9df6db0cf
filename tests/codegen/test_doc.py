"""The reference for readers: complete, well-formed, the same everywhere, and its search works."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support import FLOWS, ROOT, need, pcgen, program_of, protocol_inputs, run

from pcgen import ir, pipeline
from pcgen.reference import drawing, lower
from pcgen.reference.changes import read

WHOLE = sorted((Path(__file__).resolve().parent / "whole").glob("*.yaml"))
VOID = {"meta", "input", "br", "link", "img", "hr"}
SETS = {"whole": WHOLE, "protocol": protocol_inputs(),
        "wide": [ROOT / "tests" / "generated" / "wide" / "wide.yaml"]}


class Reader(HTMLParser):
    """Refuses what is not well-formed; collects what the tests look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.labels: list[str] = []
        self.finds: dict[str, str] = {}  # of what counts in the search
        self.outside: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        assert len(values) == len(attrs), f"an attribute twice: {tag} {attrs}"
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        if tag == "article":
            self.finds[values["id"]] = values["data-find"]
        if tag == "svg":
            self.labels.append(values["aria-label"])
        self.outside += [values[name] for name in ("src", "data", "action") if name in values]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data


class Made:
    def __init__(self, sources: list[Path]) -> None:
        program = pipeline.compile_files(sources).program
        assert program is not None
        self.program = program
        page = lower.lower(program, [], "Protocol reference")
        self.html, self.markdown = lower.html(page), lower.markdown(page)
        self.page = Reader(self.html)


@pytest.fixture(scope="module", params=list(SETS))
def made(request: pytest.FixtureRequest) -> Made:
    return Made(SETS[request.param])


@pytest.fixture(scope="module")
def whole() -> Made:
    return Made(WHOLE)


def named_of(protocol: ir.Protocol) -> list[ir.Named]:
    return [*protocol.enums, *protocol.flags, *protocol.composites]


# ---- the page ----

def test_everything_is_on_both_pages(made: Made) -> None:
    for protocol in made.program.protocols:
        for packet in protocol.packets:
            anchor = f"{protocol.name}.{packet.name}"
            assert anchor in made.page.ids
            assert f'<a id="{anchor}"></a>' in made.markdown
            find = made.page.finds[anchor].split()
            assert {anchor, f"0x{packet.id:04x}", *(field.name for field in packet.fields)} <= {
                *find}
        for type_ in named_of(protocol):
            assert f"type-{protocol.name}.{type_.name}" in made.page.ids
            assert f"type-{protocol.name}.{type_.name}" in made.markdown
        for const in protocol.consts:
            assert f"{const.name}</th>" in made.html


def test_links_lead_somewhere(made: Made) -> None:
    assert len(set(made.page.ids)) == len(made.page.ids)
    assert {link.removeprefix("#") for link in made.page.links} <= set(made.page.ids)
    targets = set(re.findall(r'<a id="([^"]+)">', made.markdown))
    assert set(re.findall(r"\]\(#([^)]+)\)", made.markdown)) <= targets


def test_page_asks_for_nothing_else(made: Made) -> None:
    assert made.page.outside == []
    assert all(link.startswith("#") for link in made.page.links)
    assert not re.search(r"https?://|url\(|@import|fetch\(|import\(", made.html)


def test_parts_that_a_reader_looks_for_are_there(made: Made) -> None:
    assert {"find", "find-text", "contents", "overview", "policy", "changes"} <= set(made.page.ids)
    assert made.html.count("<svg") == len(made.page.labels) > 1
    assert 'class="policy"' in made.html


def schemes(html: str) -> list[dict[str, str]]:
    """The colours by name, light and dark."""
    style = html[html.index("<style>"):html.index("</style>")]
    assert "color-scheme: light dark;" in style
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(blocks) == 2
    assert style.index("prefers-color-scheme: dark") > style.index(blocks[0])
    assert not re.search(r"#[0-9a-f]{3}|rgb|hsl", style.replace(blocks[0], "").replace(
        blocks[1], "")), "a colour that does not change with the scheme"
    return [dict(re.findall(r"--([a-z-]+): #([0-9a-f]{6});", block)) for block in blocks]


def luminance(colour: str) -> float:
    parts = [int(colour[at:at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                        for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_everything_can_be_read_in_light_and_in_dark(whole: Made) -> None:
    """Text against its ground, as the guidelines for accessible pages want it: 4.5 to 1."""
    light, dark = schemes(whole.html)
    assert light.keys() == dark.keys()
    assert luminance(light["paper"]) > 0.9 and luminance(dark["paper"]) < 0.02
    grounds = {"ink": "paper panel head prefix fixed varying", "quiet": "paper panel",
               "link": "paper panel", "yes": "paper", "secret": "secret-paper paper",
               "later": "later-paper", "old": "old-paper"}
    for colours in (light, dark):
        for text, below in grounds.items():
            for ground in below.split():
                assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


def test_each_packet_has_its_picture(made: Made) -> None:
    for protocol in made.program.protocols:
        for packet in protocol.packets:
            start = f"Layout of {protocol.name}.{packet.name}: size 2 bytes, id 2 bytes"
            assert any(label.startswith(start) for label in made.page.labels), packet.name


def test_boxes_of_the_picture_are_the_frame(made: Made) -> None:
    for protocol in made.program.protocols:
        for packet in protocol.packets:
            boxes = drawing.boxes_of(packet.fields)
            assert sum(box.size.min for box in boxes) == ir.total_size(packet.fields).min
            assert sum(box.size.max for box in boxes) == ir.total_size(packet.fields).max


def test_what_the_author_wrote_is_text(whole: Made) -> None:
    assert "Buying &amp; selling, &lt;quickly&gt;." in whole.html
    assert "Buying & selling, \\<quickly\\>." in whole.markdown
    assert "Buying & selling, <quickly>." in whole.page.text


def test_facts_of_a_packet_are_shown(whole: Made) -> None:
    start = whole.html.index('<article id="shop.sign_in"')
    article = Reader(whole.html[start:whole.html.index("</article>", start) + 10]).text
    for said in ("0x0010", "client → gate", "8..104 bytes", "fresh", "2/s, burst 5, over: kick",
                 "has secrets", "2 to 24 bytes of ASCII", "since version 2",
                 '"en" if an older sender leaves it out', "of version 1", "8..94 bytes",
                 "A <guest>.", "password: (secret)"):
        assert said in article, said
    assert "73 65 63 72 65 74" not in whole.html  # the secret of the example


def test_deprecated_and_reserved_are_marked(whole: Made) -> None:
    for text in (whole.page.text, whole.markdown.replace("\\", "")):
        for said in ("deprecated: say is enough", "deprecated: use GLAD",
                     "deprecated: nobody asked", "0x0012, 0x0018 to 0x0019, old_login"):
            assert said in text, said


def test_policy_shows_role_and_state(whole: Made) -> None:
    start = whole.html.index('aria-label="gate takes from client"')
    table = whole.html[start:whole.html.index("</table>", start)]
    row = next(line for line in table.splitlines() if "#shop.whisper" in line)
    assert [word for word in re.findall(r"(legal|refused) in (\w+)", row)] == [
        ("refused", "fresh"), ("legal", "known"), ("legal", "in_shop")]
    assert "| [shop.whisper](#shop.whisper) | – | ● | ● |" in whole.markdown


def test_no_release_is_said(whole: Made) -> None:
    assert "There is no release yet." in whole.page.text
    assert "There is no release yet." in whole.markdown


# ---- the change log ----

PACKETS = """packets:
  say:
    id: 1
    flow: client -> gate
    fields:
      - text: string<9>
"""


def test_change_log_is_made_of_the_lock_files(tmp_path: Path) -> None:
    source, released = tmp_path / "demo.yaml", tmp_path / "released"
    source.write_text(FLOWS + PACKETS)
    assert pcgen("release", "--out", released, source).returncode == 0
    second = FLOWS.replace("version: 1", "version: 2") + PACKETS
    second += "      - loud: {type: bool, since: 2, default: false}\n"
    source.write_text(second)
    assert pcgen("release", "--out", released, source).returncode == 0
    source.write_text(second.replace("string<9>", "string<8>"))
    result = pcgen("doc", "--html", tmp_path / "page.html", source)
    assert result.returncode == 0, result.stderr
    text = Reader((tmp_path / "page.html").read_text(encoding="utf-8")).text
    log = text[text.index("Change log", text.index("Policy", 200)):]
    titles = [log.index(title) for title in ("demo, not released yet", "demo 2", "demo 1")]
    assert titles == sorted(titles)
    assert "breaks WIRE" in log[titles[0]:titles[1]]
    assert "`loud`" in log[titles[1]:titles[2]]
    assert "first release, with 1 packet" in log[titles[2]:]
    assert [one.protocol.version for one in read(released)] == [1, 2]


def test_broken_lock_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "demo-1.lock.json").write_text("{}")
    result = pcgen("doc", "--html", tmp_path / "page.html", "--released", tmp_path, *WHOLE)
    assert result.returncode == 1
    assert "demo-1.lock.json" in result.stderr
    assert not (tmp_path / "page.html").exists()


def test_folder_of_lock_files_that_is_none_is_an_error(tmp_path: Path) -> None:
    """A change log that is left out because of a slip must not look like one without a release."""
    for released in (tmp_path / "nonexistent", WHOLE[0]):
        result = pcgen("doc", "--html", tmp_path / "page.html", "--released", released, *WHOLE)
        assert result.returncode == 1
        assert f"`{released}` is no folder of lock files" in result.stderr
        assert not (tmp_path / "page.html").exists()


# ---- the command ----

def test_same_bytes_everywhere(tmp_path: Path) -> None:
    pages = []
    for number, seed in enumerate(("1", "77")):
        page, text = tmp_path / f"{number}.html", tmp_path / f"{number}.md"
        result = pcgen("doc", "--html", page, "--markdown", text, *WHOLE[::1 - 2 * number],
                       env={"PYTHONHASHSEED": seed, "LC_ALL": "C"}, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        pages.append((page.read_bytes(), text.read_bytes()))
    assert pages[0] == pages[1]
    assert str(ROOT).encode() not in pages[0][0] + pages[0][1]


def test_where_to_is_asked_for() -> None:
    result = pcgen("doc", *WHOLE)
    assert result.returncode == 2
    assert "--html" in result.stderr


def test_protocol_without_packets_has_a_page(tmp_path: Path) -> None:
    program = program_of(tmp_path, "protocol: demo\nversion: 1\nconsts: {A: 1}\n")
    assert "demo" in Reader(lower.html(lower.lower(program, [], "x"))).text


# ---- the search box ----

SEARCH = """
const given = JSON.parse(process.argv[2]), script = process.argv[1];
function element(more) {
    return Object.assign({hidden: true, value: '', textContent: '', heard: {}, open: true,
        addEventListener(name, call) { this.heard[name] = call; },
        focus() { document.activeElement = this; }, scrollIntoView() {}}, more);
}
const items = given.items.map(([id, find]) =>
    element({id: id, hidden: false, dataset: {find: find, counts: '1'}}));
const groups = given.groups.map(inside => element({hidden: false, querySelectorAll: () =>
    items.filter(item => inside.includes(item.id))}));
const named = {};
for (const name of ['find', 'find-text', 'find-said', 'find-nothing', 'contents']) {
    named[name] = element({});
}
global.document = element({activeElement: null,
    getElementById: id => named[id] || items.find(item => item.id === id) || null,
    querySelectorAll: what => what === '[data-find]' ? items : groups});
global.location = {hash: ''};
global.window = element({matchMedia: () => ({matches: given.narrow})});
(0, eval)(script);
const state = () => ({shown: items.filter(item => !item.hidden).map(item => item.id),
    groups: groups.map(group => !group.hidden), said: named['find-said'].textContent,
    nothing: !named['find-nothing'].hidden, hash: location.hash, text: named['find-text'].value});
const event = key => ({key: key, preventDefault() {}});
const states = [Object.assign(state(), {form: !named.find.hidden, contents: named.contents.open})];
for (const [what, value] of given.steps) {
    if (what === 'type') {
        named['find-text'].value = value;
        named['find-text'].heard.input();
    } else if (what === 'key') {
        document.heard.keydown(event(value));
    } else if (what === 'enter') {
        named.find.heard.submit(event());
    } else {
        location.hash = value;
        window.heard.hashchange();
    }
    states.push(state());
}
console.log(JSON.stringify(states));
"""


def search(made: Made, *steps: tuple[str, str], narrow: bool = False) -> list[dict[str, object]]:
    """What the page's own script shows at the start and after each step."""
    script = re.search(r"<script>\n(.*)</script>", made.html, re.DOTALL)
    assert script is not None
    items = list(made.page.finds.items())
    groups = [[id_ for id_, _ in items if f"{protocol.name}." in id_]
              for protocol in made.program.protocols]
    given = json.dumps({"items": items, "groups": groups, "steps": steps, "narrow": narrow})
    result = run(need("node"), "-e", SEARCH, script[1], given)
    assert result.returncode == 0, result.stderr
    states: list[dict[str, object]] = json.loads(result.stdout)
    return states


def test_search_shows_what_has_all_words(whole: Made) -> None:
    start, one, by_id, field, nothing, cleared = search(
        whole, ("type", "sign_in_reply"), ("type", "0x0021"), ("type", "Password  CLIENT"),
        ("type", "no such thing"), ("key", "Escape"))
    everything = list(whole.page.finds)
    assert start["shown"] == everything and start["form"] and start["said"] == ""
    assert one["shown"] == ["shop.sign_in", "shop.sign_in_reply"]
    assert one["said"] == f"2 of {len(everything)}"
    assert one["groups"] == [True, False]
    assert by_id["shown"] == ["shop.turn"]
    assert field["shown"] == ["shop.sign_in"]
    assert nothing["shown"] == [] and nothing["nothing"] and nothing["groups"] == [False, False]
    assert cleared["text"] == "no such thing"  # the box has not the focus


def test_search_is_used_by_keys(whole: Made) -> None:
    states = search(whole, ("key", "/"), ("type", "keep_account"), ("enter", ""),
                    ("key", "Escape"))
    assert states[3]["hash"] == "#stock.keep_account"
    assert states[4]["text"] == "" and states[4]["shown"] == list(whole.page.finds)


def test_link_to_what_is_hidden_ends_the_search(whole: Made) -> None:
    states = search(whole, ("type", "mood"), ("go", "#shop.buy"))
    assert "shop.buy" not in states[1]["shown"]  # type: ignore[operator]
    assert states[2]["shown"] == list(whole.page.finds) and states[2]["text"] == ""


def test_contents_are_closed_where_there_is_no_room(whole: Made) -> None:
    assert search(whole)[0]["contents"] and not search(whole, narrow=True)[0]["contents"]
