# SPDX-License-Identifier: MIT
# A verb that does not exist.
walkdiff frobnicate
