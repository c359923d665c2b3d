# SPDX-License-Identifier: MIT
"""The Python side of walkdiff: thin, over the C program. It knows nothing about the architecture."""
