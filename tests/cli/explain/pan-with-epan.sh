walkdiff explain cases/explain/pan-with-epan.json
