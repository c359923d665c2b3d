# SPDX-License-Identifier: MIT
"""Makes pytest collect the files that docs/testing.md names."""

pytest_plugins = ["walkdiff_driver.plugin", "pytester"]
