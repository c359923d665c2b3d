# SPDX-License-Identifier: MIT
# Nothing found: the count alone, and status 0.
walkdiff replay --walker sample cases/examples
