"""The only Django app: a stage's file is its tables and all that writes or reads them."""
