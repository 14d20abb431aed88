"""Stage receipts: tables."""
