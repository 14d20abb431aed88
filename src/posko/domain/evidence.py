"""Stage evidence: what can be shown for a fact? Photographs and signed scans, kept by their hash, without what a camera adds of itself."""
