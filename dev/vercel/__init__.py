"""Lectern built by Vercel's own tools and run as Vercel runs it, on this machine and without an account."""
