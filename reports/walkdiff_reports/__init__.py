# SPDX-License-Identifier: MIT
"""Reports on a run: what `walkdiff fuzz --out DIR` leaves, as HTML, JUnit XML, KTAP, JSON and text."""
