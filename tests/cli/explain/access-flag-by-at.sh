walkdiff explain cases/explain/access-flag-by-at.json
