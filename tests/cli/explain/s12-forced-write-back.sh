walkdiff explain cases/explain/s12-forced-write-back.json
