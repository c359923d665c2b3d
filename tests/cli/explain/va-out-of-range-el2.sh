walkdiff explain cases/explain/va-out-of-range-el2.json
