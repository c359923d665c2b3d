walkdiff explain cases/explain/access-flag-16k.json
