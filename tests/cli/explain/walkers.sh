# SPDX-License-Identifier: MIT
# What walkers answer stands behind the story, and is judged.
walkdiff explain --walker oracle --walker sample,defect=S1-06 cases/explain/epd.json | sed -n '/^Result/,$p'
