"""Stage readiness: tables."""
