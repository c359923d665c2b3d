# SPDX-License-Identifier: MIT
"""`walkdiff report`: a run's findings in a format for people or for programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from walkdiff_driver.verb import NOTHING_FOUND, Parser, complain, use_utf8

from walkdiff_reports import html_report, json_report, junit_report, ktap_report, text_report, trend
from walkdiff_reports.report import Report, make
from walkdiff_reports.run import ReportError, load

USAGE = """\
usage: walkdiff report DIR [--format FORMAT] [--out FILE] [--store STORE]

Reports on a run: the folder DIR that `walkdiff fuzz --out DIR` left. What puts the oracle itself in doubt comes first,
then the worst, then what is most frequent.

  --format FORMAT  html, one page; junit, XML; ktap; json; text, for a mail (default: by FILE's end, or text)
  --out FILE       where it goes (default: standard output)
  --store STORE    the findings store of the nights: what is new, and the trend
  --quiet          no progress

Exit status: 0, or 2 if used wrongly, or DIR is not the folder of a run.
"""

FORMATS: dict[str, Callable[[Report], str]] = {
    "html": html_report.write,
    "junit": junit_report.write,
    "ktap": ktap_report.write,
    "json": json_report.write,
    "text": text_report.write,
}
BY_SUFFIX = {".html": "html", ".htm": "html", ".xml": "junit", ".ktap": "ktap", ".tap": "ktap", ".json": "json"}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = Parser("report", USAGE)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--format", choices=FORMATS)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--quiet", action="store_true")
    return parser.parse_args()


@contextmanager
def progress(total: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, nothing elsewhere; gives what is to be called for each step."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("explaining findings", total=total)
        yield lambda: bar.advance(task)


def put(text: str, out: Path | None) -> None:
    """Writes a report where it belongs."""
    if out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        out.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def main() -> int:
    """Makes the report; the exit status."""
    given = arguments()
    use_utf8()
    form = given.format or (BY_SUFFIX.get(given.out.suffix.lower()) if given.out else None) or "text"
    try:
        run = load(given.dir)
        past = trend.load(given.store) if given.store else None
        with progress(len(run.findings), given.quiet) as step:
            report = make(run, past, step)
        put(FORMATS[form](report), given.out)
    except ReportError as error:
        return complain(str(error))
    except RecursionError:
        return complain(f"{given.dir}: a finding is nested too deeply")
    except BrokenPipeError:
        return complain("standard output: the reader is gone")
    except OSError as error:
        return complain(f"{error.filename or given.out or 'standard output'}: {error.strerror}")
    return NOTHING_FOUND


if __name__ == "__main__":
    sys.exit(main())
