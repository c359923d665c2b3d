# SPDX-License-Identifier: GPL-2.0-only
"""What can go wrong, by whose fault it is."""


class WrongUse(Exception):
    """The spec is not right: exit status 2."""


class CannotBuild(Exception):
    """The tree does not give the subject: exit status 125."""
