"""What the public sees and sends."""
