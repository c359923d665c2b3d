# SPDX-License-Identifier: MIT
# A program that reads cases and writes answers is a walker: here walkdiff itself.
walkdiff replay --walker 'exec:walkdiff run --walker oracle' cases/examples
