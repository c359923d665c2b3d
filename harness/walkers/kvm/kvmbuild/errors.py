# SPDX-License-Identifier: GPL-2.0-only
"""What can go wrong, by whose fault it is."""

from linuxgit import RepositoryError

# The spec is not right: exit status 2.
WrongUse = RepositoryError


class CannotBuild(Exception):
    """The tree does not give the subject: exit status 125."""


class DoesNotCompile(CannotBuild):
    """So says the compiler: it would say the same of the same files again."""
