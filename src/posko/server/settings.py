"""Django settings. Everything a machine may differ in comes from the environment or from var/posko.toml."""

import os
import secrets
import tomllib
from pathlib import Path
from typing import Any

from csp.constants import NONCE, SELF

ROOT = Path(__file__).resolve().parents[3]
VAR = Path(os.environ.get("POSKO_VAR") or ROOT / "var")
INSTALLATION: dict[str, Any] = {}
if (VAR / "posko.toml").is_file():
    INSTALLATION = tomllib.loads((VAR / "posko.toml").read_text(encoding="utf-8"))
# A copy in which people practise. The database says so too; where the two differ, nothing is served (server/wsgi.py).
DRILL = (VAR / "gladi.toml").is_file()


def _secret_key() -> str:
    """A key of this installation's own, made once and kept beside the data."""
    if os.environ.get("POSKO_SECRET_KEY"):
        return os.environ["POSKO_SECRET_KEY"]
    path = VAR / "secret.key"
    try:
        VAR.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key


SECRET_KEY = _secret_key()
DEBUG = False
HTTPS = os.environ.get("POSKO_HTTPS") == "1"
ALLOWED_HOSTS = [h for h in os.environ.get("POSKO_HOSTS", "").split(",") if h] or ["localhost", "127.0.0.1", "[::1]", "testserver"]
CSRF_TRUSTED_ORIGINS = [f"https://{h}" for h in ALLOWED_HOSTS if HTTPS]

INSTALLED_APPS = [
    "posko.store",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "posko.server.middleware.drill",
    "posko.server.middleware.headers",
    "posko.server.middleware.limit",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "posko.server.middleware.Situation",
]
ROOT_URLCONF = "posko.server.urls"
WSGI_APPLICATION = "posko.server.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "posko.server.context.situation",
            ],
            "libraries": {"posko": "posko.server.tags"},
            "builtins": ["django.templatetags.static"],
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    """Django's connection settings for postgresql://user:password@host:port/name, or SQLite in the var folder."""
    if url.startswith(("postgresql://", "postgres://")):
        from urllib.parse import parse_qs, unquote, urlsplit  # noqa: PLC0415  (only with PostgreSQL)

        parts = urlsplit(url)
        query = parse_qs(parts.query)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.get("host", [parts.hostname or ""])[0],
            "PORT": str(parts.port or query.get("port", [""])[0]),
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR / "posko.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL: nothing is acknowledged before it is durably committed.
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;",
        },
    }


DATABASES = {"default": _database(os.environ.get("POSKO_DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "store.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/masuk/"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "id"
LANGUAGES = [("id", "Bahasa Indonesia")]
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
# WIB; the calendar and every document state their zone.
TIME_ZONE = "Asia/Jakarta"

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [Path(__file__).parent / "static", *([ROOT / "static"] if (ROOT / "static").is_dir() else [])]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
# Served straight from the folders: a laptop in a sports hall has no build step, and a demo starts at once.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
MEDIA_ROOT = VAR / "documents"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
# A drill beside the real installation on one machine: browsers do not tell ports apart, so the names must differ.
SESSION_COOKIE_NAME = "posko_gladi_sesi" if DRILL else "posko_sesi"
CSRF_COOKIE_NAME = "posko_gladi_csrf" if DRILL else "posko_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "posko.server.errors.csrf"
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE, "'wasm-unsafe-eval'"],  # the decoder of the scan screens is WebAssembly of our own host
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": [SELF],
        "frame-ancestors": ["'none'"],
    }
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
