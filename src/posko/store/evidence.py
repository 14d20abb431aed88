"""Stage evidence: files kept by their hash, bound to the facts they show."""
