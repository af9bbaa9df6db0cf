"""The commands of pcgen, one module each. A module has a `COMMAND`; NAMES lists the modules in the
order `pcgen --help` shows them. Only the module of the command that is typed is imported, and each
imports what it needs when it runs: so a run that finds nothing to do is over at once."""

NAMES = (
    "gen",
    "missing",
    "check",
    "fmt",
    "lint",
    "sizes",
    "stats",
    "diff",
    "breaking",
    "release",
    "explain",
    "encode",
    "decode",
    "schema",
    "manifest",
    "vectors",
    "doc",
    "fuzz",
    "wireshark",
)
