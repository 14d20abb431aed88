"""Stage extracts: which of our facts may be offered to the public? Gathers from the stages; `public` cannot reach it."""
