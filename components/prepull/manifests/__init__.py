"""The objects as plain data: a plan in, what the API server gets out."""
