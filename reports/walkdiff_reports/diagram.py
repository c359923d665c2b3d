# SPDX-License-Identifier: MIT
"""Walk diagrams: which descriptors each walk read, from the address down, and where each ended. Geometry alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import wrap

from walkdiff_reports.run import Json

LANE = 304  # width of a walk's column
GAP = 20  # between columns
MARGIN = 8
HEAD, BOX, CHIP = 58, 40, 24  # heights: of the address, of a descriptor, of a stage 2 descriptor on the way
LINE = 16  # of a text
STEP = 16  # between two boxes
CHIP_WIDTH, CHIP_GAP, CHIP_LABEL = 44, 4, 56
NESTED = 14  # how far stage 2's boxes stand in
WORDS = 44  # characters that fit a line of an ending


@dataclass(frozen=True)
class Read:
    """A descriptor that a walk read, or tried to."""

    stage: int
    level: int
    pa: str
    descriptor: str  # "" if there was no memory
    type: str  # table, block, page, invalid, reserved; "" if it is not known
    address: str  # that it holds; "" if there is none

    @classmethod
    def of(cls, told: Json) -> Read:
        """A descriptor as `walkdiff explain --json` tells it, of a walk or of a trace."""
        words = ("pa", "descriptor", "type", "address")
        return cls(told["stage"], told["level"], **{name: told.get(name, "") for name in words})

    @property
    def leads_to(self) -> str:
        """What it is, and where it leads."""
        if not self.descriptor:
            return "no memory there"
        kind = {"table": "table", "block": "block", "page": "page"}.get(self.type)
        return f"{kind} → {self.address}" if kind else self.type

    @property
    def same(self) -> tuple[int, int, str]:
        """What two walks have in common if both read it."""
        return self.stage, self.level, self.pa


@dataclass(frozen=True)
class Chip:
    """A stage 2 descriptor on the way to a stage 1 descriptor, in short."""

    x: float
    y: float
    read: Read


@dataclass(frozen=True)
class Box:
    """A box: a descriptor, or where a walk ended."""

    x: float
    y: float
    width: float
    height: float
    css: str
    title: str
    aside: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """A word beside a row of chips."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Arrow:
    """From the middle of one box's lower edge to the middle of another's upper edge, down, across, down."""

    path: str
    dashed: bool = False


@dataclass
class Diagram:
    """What the template draws."""

    width: float
    height: float = 0
    description: str = ""
    boxes: list[Box] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)


@dataclass(frozen=True)
class Walk:
    """One walk: its name, what it read (None: not told), and how it ended."""

    name: str
    reads: list[Read] | None
    ending: str
    css: str


def _runs(reads: list[Read]) -> list[list[Read]]:
    """Descriptors in groups: each of stage 1 by itself, those of stage 2 that follow each other together."""
    groups: list[list[Read]] = []
    for read in reads:
        if read.stage == 2 and groups and groups[-1][-1].stage == 2:
            groups[-1].append(read)
        else:
            groups.append([read])
    return groups


class _Column:
    """Draws boxes under each other."""

    def __init__(self, diagram: Diagram, x: float, y: float, above: tuple[float, float] | None) -> None:
        self.diagram, self.x, self.y, self.above = diagram, x, y, above

    @property
    def middle(self) -> float:
        return self.x + LANE / 2

    def _arrow(self, to: float, dashed: bool = False) -> None:
        if self.above is None:
            return
        x, y = self.above
        if x == to:
            path = f"M{x:g} {y:g}V{self.y - 3:g}"
        else:
            path = f"M{x:g} {y:g}V{self.y - STEP / 2 - 1:g}H{to:g}V{self.y - 3:g}"
        self.diagram.arrows.append(Arrow(path, dashed))

    def box(
        self, height: float, css: str, title: str, aside: str, lines: tuple[str, ...], dashed: bool = False
    ) -> None:
        """A box as wide as the column."""
        self._arrow(self.middle, dashed)
        self.diagram.boxes.append(Box(self.x, self.y, LANE, height, css, title, aside, lines))
        self._below(height)

    def _below(self, height: float) -> None:
        self.above = (self.middle, self.y + height)
        self.y += height + STEP

    def descriptor(self, read: Read, last: bool) -> None:
        """A descriptor in full."""
        inset = NESTED if read.stage == 2 else 0
        self._arrow(self.middle)
        title = f"stage {read.stage}, level {read.level}"
        value = f"{read.pa}: {read.descriptor}" if read.descriptor else read.pa
        css = f"stage{read.stage}{' last' if last else ''}"
        box = Box(self.x + inset, self.y, LANE - 2 * inset, BOX, css, title, read.leads_to, (value,))
        self.diagram.boxes.append(box)
        self._below(BOX)

    def chips(self, reads: list[Read]) -> None:
        """A stage 2 walk on the way, in a row."""
        per_row = int((LANE - CHIP_LABEL) // (CHIP_WIDTH + CHIP_GAP))
        for begin in range(0, len(reads), per_row):
            row = reads[begin : begin + per_row]
            self._arrow(self.middle)
            self.diagram.labels.append(Label(self.x, self.y + LINE, "stage 2" if not begin else ""))
            for i, read in enumerate(row):
                self.diagram.chips.append(Chip(self.x + CHIP_LABEL + i * (CHIP_WIDTH + CHIP_GAP), self.y, read))
            self._below(CHIP)

    def walk(self, reads: list[Read], ends: bool) -> None:
        """Descriptors in order; `ends`: the walk ends behind the last one."""
        groups = _runs(reads)
        for i, group in enumerate(groups):
            is_last = i == len(groups) - 1
            if group[0].stage == 2 and not is_last:
                self.chips(group)
                continue
            for j, read in enumerate(group):
                self.descriptor(read, ends and is_last and j == len(group) - 1)

    def ending(self, walk: Walk, head: Box) -> None:
        """Where the walk ended; what it read before is perhaps not told: then a line leads here past all boxes."""
        dashed = walk.reads is None
        side = head.x if self.middle < head.x else head.x + head.width
        if dashed and not head.x <= self.middle <= head.x + head.width:
            path = f"M{side:g} {head.y + head.height / 2:g}H{self.middle:g}V{self.y - 3:g}"
            self.diagram.arrows.append(Arrow(path, dashed=True))
            self.above = None
        lines = tuple(wrap(walk.ending, WORDS)[:4]) or ("",)
        aside = "" if walk.reads is not None else "what it read is not told"
        self.box(22 + LINE * len(lines), f"ending {walk.css}", walk.name, aside, lines, dashed)


def _common(walks: list[Walk]) -> int:
    """How many descriptors all walks that tell have in common, from the first on."""
    told = [walk.reads for walk in walks if walk.reads is not None]
    shared = 0
    for reads in zip(*told, strict=False):
        if any(read.same != reads[0].same for read in reads):
            break
        shared += 1
    return shared


def draw(address: str, tables: tuple[str, ...], walks: list[Walk]) -> Diagram:
    """
    The diagram of walks of one case: what they have in common, then each by itself.

    `address` is what is translated, `tables` what the first stage's tables are like, in two lines.
    """
    width = 2 * MARGIN + len(walks) * LANE + (len(walks) - 1) * GAP
    diagram = Diagram(width)
    shared = _common(walks)
    trunk = _Column(diagram, (width - LANE) / 2, MARGIN, None)
    trunk.box(HEAD, "head", address, "", tables)
    common = next((walk.reads[:shared] for walk in walks if walk.reads is not None), [])
    alone = len(walks) == 1
    trunk.walk(common, ends=all(walk.reads is None or len(walk.reads) == shared for walk in walks))
    bottom = 0.0
    for i, walk in enumerate(walks):
        lane = trunk if alone else _Column(diagram, MARGIN + i * (LANE + GAP), trunk.y + STEP / 2, trunk.above)
        if walk.reads is not None:
            lane.walk(walk.reads[shared:], ends=True)
        lane.ending(walk, diagram.boxes[0])
        bottom = max(bottom, lane.y)
    diagram.height = bottom - STEP + MARGIN
    diagram.description = _describe(address, walks, shared)
    return diagram


def _describe(address: str, walks: list[Walk], shared: int) -> str:
    parts = [f"{address}."]
    if len(walks) > 1:
        parts.append(f"{shared} descriptor reads in common.")
    for walk in walks:
        read = f"{len(walk.reads) - shared} more, then" if walk.reads is not None else "reads not told;"
        parts.append(f"{walk.name}: {read} {walk.ending}.")
    return " ".join(parts)


def of_told(told: Json) -> Diagram:
    """The diagram of what `walkdiff explain --json` tells of a finding."""
    steps = told["steps"]
    expected = [Read.of(step) for step in steps if step["kind"] == "descriptor"]
    tables = next((step for step in steps if step["kind"] == "tables"), None)
    form = next(
        (step for step in steps if step["kind"] == "format" and tables and step["stage"] == tables["stage"]), None
    )
    if tables and form:
        about = (
            f"stage {tables['stage']}: {form['granule']} granule, {tables['input_bits']}-bit input",
            f"level {tables['start_level']} table at {tables['table_base']}",
        )
    else:
        about = ("no table is walked",)
    walks = []
    for i, answer in enumerate(told["answers"]):
        told_reads = [Read.of(read) for read in answer.get("trace", [])]
        is_told_walk = i == 0 and told["walk_gives_expected"]
        reads = expected if is_told_walk else (told_reads or None)
        css = "expected" if i == 0 else "wrong" if answer["differs"] else "right"
        walks.append(Walk(answer["name"], reads, answer["words"], css))
    return draw(f"AT {told['operation']} at EL{told['el']}: {told['va']}", about, walks)
