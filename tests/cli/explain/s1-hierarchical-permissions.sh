walkdiff explain cases/explain/s1-hierarchical-permissions.json
