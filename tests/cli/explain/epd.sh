# SPDX-License-Identifier: MIT
# A Translation fault before the walk: EPD.
walkdiff explain cases/explain/epd.json
