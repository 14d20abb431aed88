"""Stage aght: tables."""
