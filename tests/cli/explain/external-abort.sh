# SPDX-License-Identifier: MIT
# A descriptor where no memory is: the AT itself takes the Data Abort.
walkdiff explain cases/explain/external-abort.json
