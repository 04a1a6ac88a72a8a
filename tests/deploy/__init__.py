"""Lectern as it is deployed: built by each platform's own tools, run as built, on the same journey."""
