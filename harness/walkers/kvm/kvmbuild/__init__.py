# SPDX-License-Identifier: GPL-2.0-only
"""Builds walkers and other subjects out of a Linux tree's KVM/arm64, for the machine that this runs on."""
