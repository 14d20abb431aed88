"""The rules: values in, values out, bare Python."""
