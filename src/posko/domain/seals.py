"""Stage seals: which seals have been given out, where are they, and are they whole?"""
