walkdiff explain cases/explain/s2-permission-on-s1-walk.json
