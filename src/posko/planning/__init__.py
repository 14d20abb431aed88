"""Kernels: arrays and chance. What they propose is checked by posko.domain."""
