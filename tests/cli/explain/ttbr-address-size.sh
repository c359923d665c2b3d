walkdiff explain cases/explain/ttbr-address-size.json
