"""Settings in a file, in the form of .env.example: what a deployment is made from and held against."""


def parse(text: str) -> dict[str, str]:
    """Read lines of NAME=value; what is empty or begins with # says nothing."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}
