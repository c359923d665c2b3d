walkdiff explain cases/explain/overlay.json
