"""Stage record: tables."""
