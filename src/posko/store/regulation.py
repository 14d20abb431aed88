"""Stage regulation: tables."""
