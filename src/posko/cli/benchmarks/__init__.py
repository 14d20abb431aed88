"""What `posko bench` measures, a module each."""
