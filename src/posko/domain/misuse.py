"""Stage misuse: Who says that the post itself is misused, and what does its overseer do about it?"""
