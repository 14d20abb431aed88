"""Stage labels: aliases, and how often a label was printed."""
