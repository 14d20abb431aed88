"""The demonstration: the whole main job on Belitung Timur."""
