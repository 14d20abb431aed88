"""Stage reports: tables."""
