"""Stage sampling: how surely are the sealed boxes right? A public draw, and what it proves."""
