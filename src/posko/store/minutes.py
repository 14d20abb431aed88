"""Stage minutes: what was said and decided, signed by whom, sent to whom?"""
