# SPDX-License-Identifier: MIT
# Without a verb: what there is, and status 2.
walkdiff
