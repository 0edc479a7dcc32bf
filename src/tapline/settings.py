"""Django's settings, derived from `tapline.config`. Operators never edit this file."""

from __future__ import annotations

from pathlib import Path

from tapline.sqlite import use_safe_sqlite

use_safe_sqlite()

from tapline import config as tapline_config  # noqa: E402  # sqlite3 must be swapped first
from tapline.instance.keys import django_secret_key  # noqa: E402

_config = tapline_config.current()

SECRET_KEY = django_secret_key(_config)
DEBUG = _config.debug
ALLOWED_HOSTS = ["*"]  # Pages build no absolute address from Host; see docs/web.md.

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "tapline.instance",
    "tapline.workspaces",
    "tapline.signin",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "tapline.links",
    "tapline.contacts",
    "tapline.pictures",
    "tapline.hours",
    "tapline.providers",
    "tapline.broadcasts",
    "tapline.replies",
    "tapline.clicks",
    "tapline.signups",
    "tapline.keywords",
    "tapline.insights",
    "tapline.welcome",
    "tapline.web",
]

MIDDLEWARE = [
    "tapline.web.headers.SafeHeaders",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tapline.web.languages.MemberLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tapline.web.errors.ErrorPages",
]

ROOT_URLCONF = "tapline.urls"
ASGI_APPLICATION = "tapline.asgi.application"
AUTH_USER_MODEL = "workspaces.User"
LOGIN_URL = "/sign-in"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Signing in, by django-allauth: members come by a one-time link, a passkey or single sign-on, and
# nobody has a password. docs/decisions/160-signing-in.md says why it is set as it is.
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
ACCOUNT_ADAPTER = "tapline.signin.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 30 * 60
ACCOUNT_RATE_LIMITS = {"send_link": "10/10m/ip,3/10m/key", "login_failed": "30/m/ip,5/5m/key"}
LOGIN_REDIRECT_URL = "/"
MFA_ADAPTER = "tapline.signin.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # An invitation or the operator vouches for it.
MFA_TOTP_TOLERANCE = 1  # Phones' clocks go a little wrong.
SOCIALACCOUNT_ADAPTER = "tapline.signin.adapters.SingleSignOnAdapter"
# The page's own policy forbids forms that end elsewhere, and leading there changes nothing.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_PROVIDERS = {
    "oidc": {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": "oidc",
                "client_id": _config.oidc_client_id,
                "secret": _config.oidc_client_secret,
                "settings": {"server_url": _config.oidc_issuer, "uid_field": "sub"},
            }
        ]
    }
}
# Rates are counted in files, so that all processes of a machine count together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str((_config.data_dir / "cache").absolute()),
    }
}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(_config.control_database),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456;"
                # What is erased is overwritten, not only unlinked.
                "PRAGMA secure_delete=ON;"
            ),
        },
        # A file, not memory: tests use several connections and processes on one database.
        "TEST": {"NAME": str(_config.data_dir / "test-control.sqlite3")},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The largest body of any address, files aside: a call of the API with ten thousand texts.
# `tapline.web.api` holds its other calls to less.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024

LANGUAGE_CODE = "en"
# Each by its own name: whoever looks for it reads it so.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español")]
LOCALE_PATHS = [str(Path(__file__).resolve().parent / "locale")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _config.web_url.startswith("https://")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
CSRF_TRUSTED_ORIGINS = [_config.web_url]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# structlog-like one line per event; phone numbers are never logged.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # It tells of every request that it makes, and addresses may hold what is nobody's business.
    "loggers": {"httpx2": {"level": "WARNING"}},
}
