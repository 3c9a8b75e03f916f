"""The one settings file. Everything that differs between machines comes from the environment."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from config.settings import api as api_settings
from config.settings.limits import read_limits
from config.settings.schedule import beat_schedule
from config.settings.secret_key import read_or_make_key

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# Where and for whom

DEBUG = env.bool("DEBUG", default=False)
LISTEN_HOST = env.str("LISTEN_HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
# Whoever reads the database reads its sessions.
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in {"http", "https"} or not _public.hostname:
    raise ImproperlyConfigured("PUBLIC_URL must look like https://desk.example")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
IS_LOOPBACK = _public.hostname in {"127.0.0.1", "localhost", "::1"}
IS_HTTPS = _public.scheme == "https"
# The origins a browser may call us from with a cookie. A loopback address has two spellings.
OWN_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
if IS_LOOPBACK:
    OWN_ORIGINS += [
        f"{_public.scheme}://{host}" + (f":{_public.port}" if _public.port else "")
        for host in LOOPBACK_HOSTS
    ]

# Checks of health come by loopback.
ALLOWED_HOSTS = [_public.hostname, *LOOPBACK_HOSTS, *env.list("ALLOWED_HOSTS", default=[])]
CSRF_TRUSTED_ORIGINS = OWN_ORIGINS

REDIS_URL = env.str("REDIS_URL", default="")
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'imece.sqlite3'}")
}
IS_SQLITE = "sqlite" in DATABASES["default"]["ENGINE"]
# One process that does everything: it migrates, collects, works and beats.
EMBEDDED_WORKER = env.bool("EMBEDDED_WORKER", default=not REDIS_URL)
# Whether others can reach us at all: what they ask for as "localhost" proves nothing.
IS_PRIVATE = IS_LOOPBACK and LISTEN_HOST in {"127.0.0.1", "localhost", "::1"}
SEED_DEMO = env.bool("SEED_DEMO", default=EMBEDDED_WORKER and IS_PRIVATE)

SECRET_KEY: str = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not IS_SQLITE:
        raise ImproperlyConfigured("Set SECRET_KEY: every process must share one long random value")
    SECRET_KEY = read_or_make_key(DATA_DIR / "secret_key")
# Earlier keys: what they have signed or encrypted is still read.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Hosts that are called though they are not on the public Internet: a mail server next door, say.
OUTBOUND_PRIVATE = [host.lower() for host in env.list("OUTBOUND_PRIVATE", default=[])]

# What runs

INSTALLED_APPS = [
    # Its Twisted would cost every other process a third of a second.
    *(["daphne"] if "runserver" in sys.argv else []),
    "config.apps.ImeceAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "config",
    "config.outbox",
    "agents",
    "tickets",
    "chat",
    "automation",
    "reports",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "config.web.middleware.security_headers",
    "config.web.middleware.refuse_nul",
    "config.web.staticfiles.StaticMiddleware",
    "config.web.compression.PageCompression",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "agents.middleware.PreferencesMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Data

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# What the address itself says, such as sslmode.
_told: dict[str, Any] = DATABASES["default"].get("OPTIONS", {})
if IS_SQLITE:
    DATABASES["default"]["ENGINE"] = "config.database.sqlite"
    # Opening one takes longer than most pages ask of it; a new one knows how tables have grown.
    DATABASES["default"]["CONN_MAX_AGE"] = 3600
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        **_told,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL;"
            # An acked message must survive power loss.
            "PRAGMA synchronous=FULL;"
            "PRAGMA cache_size=-16000;"
        ),
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    # After a restart of the server the pool still holds connections to the old one.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        **_told,
        "pool": {
            "min_size": 1,
            # An embedded worker has threads of its own.
            "max_size": env.int("DATABASE_POOL", default=37 if EMBEDDED_WORKER else 22),
            "timeout": 10,
        },
        # Plans are kept for the hot path alone, which says when: the first one is the right one.
        "options": "-c statement_timeout=15000 -c lock_timeout=10000"
        f" -c plan_cache_mode=force_generic_plan {_told.get('options', '')}".rstrip(),
    }

CACHES = {
    "default": {
        "BACKEND": "config.cache.SharedCache" if REDIS_URL else "config.cache.OwnCache",
        "LOCATION": REDIS_URL or "imece",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1}
        if REDIS_URL
        # Limits are counted here: nobody may push his own count out.
        else {"MAX_ENTRIES": 100_000},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "config.realtime.layer.RelayLayer"
        if REDIS_URL
        else "config.realtime.layer.LocalLayer",
        "CONFIG": {"hosts": [REDIS_URL]} if REDIS_URL else {},
    }
}

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.web.staticfiles.Storage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = DATA_DIR / "media"

# Work in the background

# How often beat looks for what is due but told nobody, in seconds.
SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=5.0)
if SWEEP_SECONDS <= 0:
    raise ImproperlyConfigured("SWEEP_SECONDS must be above 0")
# The outbox's queues, and after how many seconds Celery ends work on them. Whatever waits for
# somebody else's server has a queue of its own, so that it holds up nobody.
QUEUES = {
    "realtime": 60,
    "rules": 60,
    "push": 60,
    "outbound": 60,
    "mail": 60,
    "media": 300,
    "maintenance": 3600,
    "exports": 3600,
}

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 3600, "socket_timeout": 5, "socket_connect_timeout": 1}
    if REDIS_URL
    else {"polling_interval": 0.05}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_TASK_DEFAULT_QUEUE = "realtime"
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = beat_schedule(SWEEP_SECONDS, QUEUES, is_sqlite=IS_SQLITE)

# People

AUTH_USER_MODEL = "agents.Agent"
AUTHENTICATION_BACKENDS = ["agents.signin.backends.AgentBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/console/"
ACCOUNT_ADAPTER = "agents.signin.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_FORMS = {
    "login": "agents.signin.forms.LoginForm",
    "reset_password": "agents.signin.forms.ResetPasswordForm",
    "reset_password_from_key": "agents.signin.forms.ResetPasswordKeyForm",
    "change_password": "agents.signin.forms.ChangePasswordForm",
    "reauthenticate": "agents.signin.forms.ReauthenticateForm",
}
MFA_ADAPTER = "agents.signin.adapter.MfaAdapter"
MFA_FORMS = {
    "authenticate": "agents.signin.forms.AuthenticateForm",
    "reauthenticate": "agents.signin.forms.MfaReauthenticateForm",
    "activate_totp": "agents.signin.forms.ActivateTOTPForm",
}
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/ip,5/5m/key", "reset_password": "20/h/ip,3/h/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("ALLAUTH_TRUSTED_PROXY_COUNT", default=0)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
# Addresses are proven by the invitation; there is no sign-up that could squat one.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "İmece"

# Languages

LANGUAGE_CODE = "en"
LANGUAGES = [("tr", "Türkçe"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Istanbul")
USE_TZ = True

# Mail

_mail = env.email_url(
    "EMAIL_URL", default="consolemail://" if IS_LOOPBACK else "smtp://localhost:25"
)
if _mail["EMAIL_BACKEND"].endswith("console.EmailBackend"):
    _mail["EMAIL_BACKEND"] = "config.mail.ReadableConsole"
if _mail["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
    _mail["EMAIL_BACKEND"] = "config.mail.SmtpBackend"
MAILERS: dict[str, dict[str, Any]] = {"default": {"BACKEND": _mail["EMAIL_BACKEND"]}}
if _mail["EMAIL_BACKEND"].endswith("SmtpBackend"):
    MAILERS["default"]["OPTIONS"] = {
        "host": _mail["EMAIL_HOST"],
        "port": _mail["EMAIL_PORT"],
        "username": _mail["EMAIL_HOST_USER"],
        "password": _mail["EMAIL_HOST_PASSWORD"],
        "use_tls": _mail.get("EMAIL_USE_TLS", False),
        "use_ssl": _mail.get("EMAIL_USE_SSL", False),
        "timeout": 10,
    }
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"İmece <desk@{_public.hostname}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Defences

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "media-src": [CSP.SELF, "blob:"],
    "connect-src": [CSP.SELF],
    "worker-src": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "imece_session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "imece_csrf"
CSRF_FAILURE_VIEW = "config.web.errors.csrf_failure"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
# More than a form takes: it says itself how many are the most.
DATA_UPLOAD_MAX_NUMBER_FILES = 50
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# No settle delay: a form that is drawn must work at once, or Enter would submit it the native way.
HTMX_CONFIG = {"includeIndicatorStyles": False, "allowEval": False, "defaultSettleDelay": 0}

REST_FRAMEWORK = api_settings.REST_FRAMEWORK
SPECTACULAR_SETTINGS = api_settings.SPECTACULAR_SETTINGS

# The numbers of docs/api.md

IMECE = read_limits(env)

LOGGING_CONFIG = "config.settings.logs.configure"
LOGGING = {
    "level": env.str("LOG_LEVEL", default="INFO"),
    "json": env.bool("LOG_JSON", default=not IS_LOOPBACK),
}
