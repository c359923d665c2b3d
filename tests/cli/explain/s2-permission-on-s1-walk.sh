# SPDX-License-Identifier: MIT
# A stage 2 Permission fault on the way to a stage 1 descriptor.
walkdiff explain cases/explain/s2-permission-on-s1-walk.json
