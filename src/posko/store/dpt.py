"""Stage dpt: tables."""
