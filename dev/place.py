"""Where one stack lives: its directory, its ports, its keys, and what follows from them."""

from pathlib import Path
from urllib.parse import quote

from dev.keys import Keys
from dev.ports import HOST, Ports


class Place:
    """One stack as its users and its parts see it."""

    data_dir: Path
    keys: Keys
    ports: Ports

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports.lectern}"

    @property
    def supabase_url(self) -> str:
        return f"http://{HOST}:{self.ports.supabase}"

    @property
    def studio_url(self) -> str:
        return f"http://{HOST}:{self.ports.studio}"

    @property
    def model_url(self) -> str:
        return f"http://{HOST}:{self.ports.models}/v1"

    @property
    def postgres_dsn(self) -> str:
        return self.dsn("postgres")

    @property
    def publishable_key(self) -> str:
        return self.keys.publishable_key

    @property
    def secret_key(self) -> str:
        return self.keys.secret_key

    @property
    def jwt_secret(self) -> str:
        return self.keys.jwt_secret

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    def dsn(self, role: str) -> str:
        """Return how to connect as `postgres` or as `authenticator`."""
        password = quote(self.keys.postgres_password)
        return f"postgresql://{role}:{password}@{HOST}:{self.ports.postgres}/postgres"

    def environment(self) -> dict[str, str]:
        """Return what lib.settings reads, for the functions of this stack."""
        return {
            "SUPABASE_URL": self.supabase_url,
            "SUPABASE_PUBLISHABLE_KEY": self.keys.publishable_key,
            "SUPABASE_SECRET_KEY": self.keys.secret_key,
            "DATABASE_TOKEN_KEY": self.keys.jwt_secret,
            "ACCESS_TOKEN_KEYS": self.keys.access_token_key,
            "REFRESH_TOKEN_KEYS": self.keys.refresh_token_key,
            "PASSWORD_KEYS": self.keys.password_keys,
            "THROTTLE_KEY": self.keys.throttle_key,
            "CRON_SECRET": self.keys.cron_secret,
            "OPENAI_BASE_URL": self.model_url,
            "OPENAI_API_KEY": "local",
            "CHAT_MODEL": "lectern-local",
            "EMBEDDING_MODEL": "wordllama-256",
            "EMBEDDING_LANGUAGES": "en",
            "PUBLIC_URL": self.url,
            "SIGNUP": "open",
        }
