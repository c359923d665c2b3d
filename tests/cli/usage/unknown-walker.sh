# SPDX-License-Identifier: MIT
# A walker that does not exist.
walkdiff run --walker nobody cases/examples/stage1.jsonl
