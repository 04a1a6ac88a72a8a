"""The part of Supabase Storage that Lectern uses, answering as the hosted one does.

Measured against the hosted service's own server; tests/contract/test_storage.py holds both to it.
"""
