"""Stage disputes: which number is right when two agencies differ?"""
