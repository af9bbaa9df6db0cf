"""Checks the style of the tree; prints each finding as file:line: text. Exit status 1 if there are.

check_style.py           everything
check_style.py --text    only what needs no tool (fast)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import function_rules
import text_rules
import tool_rules
from source import Finding, load


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the style of the tree.")
    parser.add_argument("--text", action="store_true", help="only the rules that need no tool")
    options = parser.parse_args()
    sources = load()
    findings: list[Finding] = []
    for source in sources:
        for rule in text_rules.RULES:
            findings.extend(rule(source))
    if not options.text:
        findings.extend(function_rules.check(sources))
        findings.extend(tool_rules.formatted(sources))
        findings.extend(tool_rules.public_headers(sources))
    for finding in sorted(set(findings)):
        print(finding)
    print(f"check_style: {len(sources)} files, {len(set(findings))} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
