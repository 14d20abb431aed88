"""Stage needs: tables."""
