walkdiff explain cases/explain/s12-default-cacheable.json
