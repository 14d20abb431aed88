"""Documents and files: values to bytes and back."""
