"""Stage merging: Which reports tell of the same thing?"""
