# SPDX-License-Identifier: MIT
# Without a file the cases come from standard input.
walkdiff run --walker sample <cases/examples/read-only.jsonl
