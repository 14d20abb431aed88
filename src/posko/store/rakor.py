"""Stage rakor: tables."""
