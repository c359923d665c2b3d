# SPDX-License-Identifier: MIT
# A file that is not there.
walkdiff run --walker oracle no-such-file.jsonl
