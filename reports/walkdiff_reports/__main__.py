# SPDX-License-Identifier: MIT
"""`walkdiff report`: a run's findings in a format for people or for programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from walkdiff_reports import json_report
from walkdiff_reports.run import ReportError, Run, load

USAGE = """\
usage: walkdiff report DIR [--format FORMAT] [--out FILE]

Reports on a run: the folder DIR that `walkdiff fuzz --out DIR` left.

  --format FORMAT  json, the report for programs
  --out FILE       where it goes (default: standard output)

Exit status: 0, or 2 if used wrongly, or DIR is not the folder of a run.
"""

FORMATS: dict[str, Callable[[Run], str]] = {"json": json_report.write}


class Parser(argparse.ArgumentParser):
    """argparse with our usage, and our way to complain."""

    def format_help(self) -> str:
        """The usage, whole."""
        return USAGE

    def error(self, message: str) -> NoReturn:
        """Complains and ends."""
        print(f"walkdiff: report: {message}\n{USAGE}", file=sys.stderr, end="")
        sys.exit(2)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = Parser()
    parser.add_argument("dir", type=Path)
    parser.add_argument("--format", choices=FORMATS, default="json")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def put(text: str, out: Path | None) -> None:
    """Writes a report where it belongs."""
    if out is None:
        sys.stdout.reconfigure(encoding="utf-8")
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        out.write_text(text, encoding="utf-8")


def main() -> int:
    """Makes the report; the exit status."""
    given = arguments()
    try:
        put(FORMATS[given.format](load(given.dir)), given.out)
    except ReportError as error:
        print(f"walkdiff: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"walkdiff: {error.filename or 'the report'}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
