"""Stage packing: what went into which box, under which seal, for which TPS, and is it the right dapil?"""
