walkdiff explain cases/explain/epd.json
