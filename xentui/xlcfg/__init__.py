"""The xl.cfg language."""
