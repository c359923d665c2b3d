# SPDX-License-Identifier: MIT
# An option that a verb does not have.
walkdiff replay --walker oracle --no-such-option cases/examples
