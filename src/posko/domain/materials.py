"""Stage materials: what does each agency bring to the table?"""
