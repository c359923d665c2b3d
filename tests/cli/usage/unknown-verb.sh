# A verb that does not exist.
walkdiff frobnicate
