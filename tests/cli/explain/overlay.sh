# SPDX-License-Identifier: MIT
# A Permission fault by an overlay, on top of indirect permissions.
walkdiff explain cases/explain/overlay.json
