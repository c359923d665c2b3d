walkdiff explain cases/explain/s1-block-64k-52-bits.json
