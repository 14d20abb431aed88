"""Stage products: What does the office report upward, from the same data?"""
