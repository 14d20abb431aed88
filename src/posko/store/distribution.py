"""Stage distribution: tables."""
