"""Stage recommendations: tables."""
