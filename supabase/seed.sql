-- Run by the official CLI after the migrations of a local database. Lectern needs no rows to begin with: an account is made by signing up, and the
-- demo student of `make dev` goes through the API like every other (dev/seed.py).
select 1 where false;
