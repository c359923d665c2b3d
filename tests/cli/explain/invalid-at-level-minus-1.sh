walkdiff explain cases/explain/invalid-at-level-minus-1.json
