# SPDX-License-Identifier: MIT
"""docs/examples/nightly/: every file is well-formed, and the commands in it run as they are."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from walkdiff_driver.nightly_config import load

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "examples" / "nightly"
BRIEFLY = "--cases 200 --store {0}/store.sqlite --out {0}/out"
NIGHTLY = "walkdiff nightly"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a clone in it."""
    (tmp_path / "walkdiff").symlink_to(ROOT)
    return tmp_path


def shell(command: str, folder: Path, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=os.environ | {"HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def jobs(name: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def nightly_commands(name: str) -> list[str]:
    """The commands of a file of jobs that run walkdiff nightly."""
    commands: list[str] = []
    for job in (jobs("github.yml")["jobs"] if name == "github.yml" else jobs(name)).values():
        commands += [step["run"] for step in job.get("steps", []) if "run" in step] + job.get("script", [])
    return [command for command in commands if NIGHTLY in command]


def test_the_configuration_is_right() -> None:
    config = load(FOLDER / "nightly.toml")
    assert [walker.spec for walker in config.walkers] == ["sample"]
    assert 60 <= config.change_time <= 120


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml"])
def test_the_commands_of_a_job_run_as_they_are(name: str, home: Path) -> None:
    commands = nightly_commands(name)
    assert [("--shard" in command, "--code-change" in command) for command in commands] == [
        (True, False),
        (False, True),
    ]
    for command in commands:
        brief = f"{command} {BRIEFLY.format(home)}"
        done = shell(brief, ROOT, home, SHARD="2/4", CI_NODE_INDEX="2", CI_NODE_TOTAL="4")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "nothing new" in done.stdout


def test_the_jobs_of_github_have_what_they_need() -> None:
    found = jobs("github.yml")
    assert set(found[True]) == {"schedule", "pull_request"}  # YAML takes the key `on` for a truth value
    for job in found["jobs"].values():
        assert job["runs-on"] and job["timeout-minutes"] <= 360
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])
        caches = [step for step in job["steps"] if "cache" in step.get("uses", "")]
        assert [step["with"]["path"] for step in caches] == ["walkdiff/walkdiff.sqlite"]


def test_the_jobs_of_gitlab_have_what_they_need() -> None:
    found = jobs("gitlab.yml")
    for name in ("walkdiff-nightly", "walkdiff-change"):
        assert found[name]["extends"] in found
        assert found[name]["cache"]["paths"] == ["walkdiff/walkdiff.sqlite"]
        assert found[name]["rules"]


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(FOLDER / name, encoding="utf-8")
    return parser


def test_the_service_runs_as_it_is(home: Path) -> None:
    service = unit("walkdiff-nightly.service")["Service"]
    folder = home / "walkdiff-store"
    assert service["WorkingDirectory"] == "%h/walkdiff-store"
    commands = [service[name].replace("%h", str(home)) for name in ("ExecStartPre", "ExecStart")]
    assert shell(commands[0], home, home).returncode == 0
    assert NIGHTLY in commands[1]
    done = shell(f"{commands[1]} --cases 200", folder, home)
    assert done.returncode == 0, done.stderr
    assert (folder / "walkdiff.sqlite").exists()


def test_systemd_takes_the_units() -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    timer = unit("walkdiff-nightly.timer")["Timer"]
    done = subprocess.run(["systemd-analyze", "calendar", timer["OnCalendar"]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_timer_starts_the_service_every_night() -> None:
    timer = unit("walkdiff-nightly.timer")
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d:\d\d", timer["Timer"]["OnCalendar"])
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_the_line_for_cron_says_nothing_if_nothing_is_new_and_else_what(home: Path) -> None:
    (line,) = [text for text in (FOLDER / "crontab").read_text().splitlines() if text and not text.startswith("#")]
    *times, command = line.split(None, 5)
    assert all(re.fullmatch(r"\d+|\*", time) for time in times)
    assert "%" not in command  # cron would take it for the end of the line
    brief = command.replace("--quiet", "--quiet --cases 200")
    done = shell(brief, home, home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = shell(brief.replace("--cases 200", "--cases 3000 --walker mine=sample,defect=S1-05"), home, home)
    assert "VA_LOWER_RANGE" in done.stdout
    done = shell(brief.replace("--cases 200", "--walker mine=none-such"), home, home)
    assert "none-such" in done.stdout


def test_the_manual_describes_every_setting() -> None:
    from walkdiff_driver.nightly_config import DISK_SETTINGS, SETTINGS

    page = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
    table = page.partition("## Configuration")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z-]+(?:\.[a-z]+)?)`", "\n".join(re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE))))
    assert {*SETTINGS, *DISK_SETTINGS} - {"name"} <= named
