"""`make doctor`: every setting held against the live services, with what is wrong and what to do about it."""
