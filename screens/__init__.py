"""The screens of xentui, one a file."""
