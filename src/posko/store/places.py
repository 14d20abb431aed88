"""Stage places: tables."""
