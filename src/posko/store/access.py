"""Stage access: tables."""
