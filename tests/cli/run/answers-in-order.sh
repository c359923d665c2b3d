# SPDX-License-Identifier: MIT
# One answer a case, in the order of the files; PAR and the words that the walk changed as the walker gave them.
walkdiff run --walker sample cases/examples/faults.jsonl cases/examples/stage2.jsonl
