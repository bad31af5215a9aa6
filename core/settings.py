"""Settings: a TOML file and `TILKALD_*` in the environment; a bad one stops the start in one line.

Secrets come from the environment or the file, never from the command line. Port 0 is any free one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from core.errors import ConfigError

Port = Annotated[int, Field(ge=0, le=65535)]

_EXAMPLES = {
    "http_port": "8080",
    "public_port": "8081",
    "mqtt_port": "1883",
    "mqtt_tls_port": "8883",
    "bind": "127.0.0.1",
    "public_url": "https://tilkald.example.org",
    "mqtt_prefix": "tilkald/v1",
    "data_dir": "/var/lib/tilkald",
    "site_dir": "/etc/tilkald/site",
    "database_url": "sqlite:////var/lib/tilkald/tilkald.db",
    "gateways_port": "8443",
    "dispatcher_url": "https://tilkald.example.org:8443",
    "gateway": "house-b",
    "deadman_url": "https://watcher.example.org/ping/1234",
    "demo": "true",
}


class Settings(BaseSettings):
    """Every setting of the service (docs/operations.md says what each is for)."""

    model_config = SettingsConfigDict(env_prefix="TILKALD_", extra="forbid", frozen=True)
    _file: ClassVar[Path | None] = None

    data_dir: Path = Path("var")
    database_url: str = ""
    site_dir: Path | None = None
    bind: str = "127.0.0.1"
    http_port: Port = 8080
    public_port: Port = 8081
    public_url: str = ""
    allowed_hosts: tuple[str, ...] = ()
    mqtt_port: Port = 1883
    mqtt_bind: str = ""
    mqtt_allow_plain: bool = False
    mqtt_tls_port: Port = 8883
    mqtt_tls_cert: Path | None = None
    mqtt_tls_key: Path | None = None
    mqtt_prefix: str = "tilkald/v1"
    gateways_port: Port | None = None
    gateways_bind: str = ""
    gateways_tls_cert: Path | None = None
    gateways_tls_key: Path | None = None
    gateways_client_ca: Path | None = None
    dispatcher_url: str = ""
    gateway: str = ""
    gateway_token: SecretStr = SecretStr("")
    gateway_ca: Path | None = None
    gateway_cert: Path | None = None
    gateway_key: Path | None = None
    deadman_url: str = ""
    demo: bool = False
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_from: str = ""
    twilio_base_url: str = ""

    @field_validator("mqtt_prefix")
    @classmethod
    def _plain_topic(cls, value: str) -> str:
        if not value or value.startswith("/") or value.endswith("/") or set(value) & set("+#$\0"):
            raise ValueError("is no topic prefix (no + # $, no / at the ends)")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_store(cls, value: str) -> str:
        if value and not value.startswith("sqlite:///"):
            raise ValueError("names a store this version does not have; only sqlite:/// is known")
        return value

    @field_validator("public_url", "deadman_url", "twilio_base_url", "dispatcher_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @property
    def database_path(self) -> Path:
        """Where the SQLite file is; `tilkald.db` in the data directory unless set."""
        if self.database_url:
            return Path(self.database_url.removeprefix("sqlite:///"))
        return self.data_dir / "tilkald.db"

    @property
    def twilio(self) -> bool:
        """Whether SMS can be sent at all."""
        return bool(self.twilio_account_sid and self.twilio_auth_token.get_secret_value())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        if cls._file is None:
            return (init_settings, env_settings)
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, cls._file)


def load(file: Path | None = None, **overrides: object) -> Settings:
    """Read the settings. Raises ConfigError: the key, the problem, an example."""
    if file is not None and not file.is_file():
        raise ConfigError(f"There is no settings file {file}. Name one that exists, or none.")
    source = type("_Read", (Settings,), {"_file": file})
    try:
        read: Settings = source(**overrides)
    except ValidationError as error:
        raise ConfigError(_one_line(error)) from None
    return read


def _one_line(error: ValidationError) -> str:
    problem = error.errors()[0]
    key = str(problem["loc"][0]) if problem["loc"] else "settings"
    if problem["type"] == "extra_forbidden":
        return f"There is no setting {key}. See docs/operations.md for the list."
    said = str(problem["msg"]).removeprefix("Value error, ")
    example = f", for example TILKALD_{key.upper()}={_EXAMPLES[key]}" if key in _EXAMPLES else ""
    return f"TILKALD_{key.upper()}={problem['input']!r} {_verb(said)}{example}."


def _verb(said: str) -> str:
    return said if said.startswith(("must", "is ", "names")) else f"is wrong: {said}"
