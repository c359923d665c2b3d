walkdiff explain cases/explain/external-abort.json
