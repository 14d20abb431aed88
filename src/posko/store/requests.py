"""Stage requests: what does one agency ask of another, and what came of it?"""
