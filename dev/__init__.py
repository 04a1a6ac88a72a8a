"""The local stack: everything that Lectern needs around it, on one machine, for development and tests."""
