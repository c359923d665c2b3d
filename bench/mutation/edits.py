# SPDX-License-Identifier: MIT
"""Mutants of a C file: every edit that its syntax tree offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tree_sitter_c
from tree_sitter import Language, Node, Parser

C = Language(tree_sitter_c.language())

# What stands in for an operator: the neighbour that shifts a boundary, and the one that turns the meaning round.
OPERATORS: dict[str, tuple[str, ...]] = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
    "&": ("|",),
    "|": ("&",),
    "^": ("|",),
    "+": ("-",),
    "-": ("+",),
    "*": ("+",),
    "/": ("*",),
    "%": ("+",),
    "<<": (">>",),
    ">>": ("<<",),
    "=": (),
    "|=": ("&=", "="),
    "&=": ("|=", "="),
    "+=": ("-=",),
    "-=": ("+=",),
    "++": ("--",),
    "--": ("++",),
}
OPERATED = {"binary_expression", "assignment_expression", "update_expression"}


@dataclass(frozen=True)
class Edit:
    """One edit of a file."""

    file: str  # its name, relative to the folder of the walker
    line: int  # from 1: where it begins
    function: str
    begin: int  # bytes
    end: int
    was: str
    now: str
    context: str  # the line, before the edit

    @property
    def name(self) -> str:
        """The same as long as the line is: for explanations."""
        return f"{self.file}: {self.function}: {' '.join(self.context.split())}: {self.was} -> {self.now}"

    def apply(self, source: bytes) -> bytes:
        """The file with the edit."""
        return source[: self.begin] + self.now.encode() + source[self.end :]


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode()


def function_of(node: Node) -> str:
    """The name of the function around a node."""
    at: Node | None = node
    while at is not None and at.type != "function_definition":
        at = at.parent
    while at is not None and at.type != "identifier":
        at = at.child_by_field_name("declarator")
    return text_of(at) if at is not None else ""


def number_replacements(text: str) -> list[str]:
    """One more and one less, in the notation of the number."""
    digits = text.rstrip("uUlL")
    suffix = text[len(digits) :]
    try:
        value = int(digits, 0) if not digits.startswith("0") or digits[1:2] in ("x", "X", "b") else int(digits, 8)
    except ValueError:
        return []
    show = hex if digits[:2].lower() == "0x" else str
    return [show(value + 1) + suffix] + ([show(value - 1) + suffix] if value else [])


def replacements(node: Node) -> Iterator[tuple[Node, str]]:
    """The edits at a node: what is replaced, and by what."""
    parent = node.parent
    if node.type in OPERATORS and parent is not None and parent.type in OPERATED:
        for operator in OPERATORS[node.type]:
            yield node, operator
    elif node.type == "number_literal":
        for number in number_replacements(text_of(node)):
            yield node, number
    elif node.type in ("true", "false"):
        yield node, "false" if node.type == "true" else "true"
    elif node.type == "unary_expression" and text_of(node)[:1] in "!~":
        operand = node.child_by_field_name("argument")
        if operand is not None:
            yield node, f"({text_of(operand)})"
    elif node.type == "conditional_expression":
        one, other = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
        condition = node.child_by_field_name("condition")
        if one is not None and other is not None and condition is not None:
            yield node, f"({text_of(condition)}) ? {text_of(other)} : {text_of(one)}"
    elif node.type in ("if_statement", "while_statement"):
        condition = node.child_by_field_name("condition")
        if condition is not None and condition.type == "parenthesized_expression":
            yield condition, f"(!{text_of(condition)})"
    elif node.type == "expression_statement" and node.named_children:
        yield node, ";"  # the statement left out
    elif node.type == "break_statement":
        yield node, ";"


def edits_of(
    path: Path, name: str, lines: set[int] | None = None, is_dead: Callable[[Node], bool] = lambda node: False
) -> list[Edit]:
    """All edits of a file in these lines, or in all, but where `is_dead` says that nothing gets there.

    Tables outside functions are no lines that are executed; their numbers are edited all the same.
    """
    source = path.read_bytes()
    tree = Parser(C).parse(source)
    source_lines = source.decode().splitlines()
    found: list[Edit] = []

    def visit(node: Node, in_table: bool) -> None:
        function = function_of(node)
        if function or in_table:
            for target, now in replacements(node):
                line = target.start_point[0] + 1
                if (in_table or lines is None or line in lines) and not is_dead(target):
                    found.append(
                        Edit(
                            file=name,
                            line=line,
                            function=function or "(table)",
                            begin=target.start_byte,
                            end=target.end_byte,
                            was=" ".join(text_of(target).split()),
                            now=" ".join(now.split()),
                            context=source_lines[line - 1],
                        )
                    )
        for child in node.children:
            visit(child, in_table or (not function and child.type == "initializer_list"))

    visit(tree.root_node, False)
    return found
