"""Settings of the project. What differs between installations comes from ``environ``."""

import sys
from pathlib import Path
from typing import Any

from trialsite.environ import Environment, refuse_served_raw_files

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

STAGE = env.stage()
PRODUCTION = STAGE == "production"
if PRODUCTION:
    env.refuse_unsafe_production()

DEBUG = env.flag("DEBUG", default=STAGE == "development")
SECRET_KEY = env.text("SECRET_KEY", "development-only-key-never-used-in-production-0123456789")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS") or ["127.0.0.1", "localhost", "[::1]", "testserver"]
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")

# Commands that change the schema connect as the owner; everything else as the application's role.
OWNER_COMMANDS = {"migrate", "sqlmigrate"}
COMMAND = sys.argv[1] if len(sys.argv) > 1 and sys.argv[0].endswith(("manage.py", "__main__.py")) else ""
AS_OWNER = COMMAND in OWNER_COMMANDS

INSTALLED_APPS = [
    # Not its default configuration: that one replaces the admin site of trialsite.apps.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "trialsite.apps.TrialsiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "trialsite.audit",
    "trialsite.jobs",
    "trialsite.accounts",
    "cart",
    "labs",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "trialsite.audit.middleware.ActorMiddleware",
    "cart.follow.FollowMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "trialsite.urls"
WSGI_APPLICATION = "trialsite.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "trialsite.isolation.postgresql",
        **env.database("OWNER_DATABASE_URL" if AS_OWNER else "DATABASE_URL"),
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"application_name": "trialsite", "connect_timeout": 10},
    }
}
# A pool serves the threads of a web process; a Celery worker forks, and connections do not survive that.
if Path(sys.argv[0]).name == "gunicorn":
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": env.number("DATABASE_POOL_SIZE", 4)}

AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y H:i"
# Dates with month names: 03/04 is two days depending on who reads it.
FORMAT_MODULE_PATH = ["trialsite.formats"]

STATIC_URL = "static/"
STATIC_ROOT = env.text("STATIC_ROOT", str(BASE_DIR / "var" / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False

# Never SECRET_KEY in production: that one may be changed any day, this one not while a list is open.
RANDOMISATION_KEY = env.text("RANDOMISATION_KEY", "" if PRODUCTION else f"randomisation-{SECRET_KEY}")

RAW_STORE = Path(env.text("RAW_STORE", str(BASE_DIR / "var" / "raw")))
refuse_served_raw_files(static_root=Path(STATIC_ROOT), raw_store=RAW_STORE)

# Laboratories' files stay on disk from the first byte; more than this is no work for one web request.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DESK_FILE_LIMIT = 50_000_000
API_FILE_LIMIT = 2_000_000_000

SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_HSTS_SECONDS = 31_536_000
    if env.flag("SECURE_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        SECURE_SSL_REDIRECT = True
        SECURE_REDIRECT_EXEMPT = [r"^healthz$"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "trialsite.accounts.authentication.AuditedTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "cart.api.errors.error_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Trialsite",
    "DESCRIPTION": "Reports of CAR-T trials in systemic sclerosis.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    # Three fields have these words: without a name of its own each would give the schema another.
    "ENUM_NAME_OVERRIDES": {"RelatednessEnum": "cart.models.adverse_event.Relatedness"},
}
REST_KNOX = {"SECURE_HASH_ALGORITHM": "hashlib.sha512", "AUTO_REFRESH": False, "TOKEN_TTL": None}

CELERY_BROKER_URL = env.text("REDIS_URL", "redis://127.0.0.1:1/0")
CELERY_TASK_DEFAULT_QUEUE = env.text("CELERY_QUEUE", "trialsite")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Below the default lease (jobs.registry), so that a worker gives up before another one may take over.
CELERY_TASK_TIME_LIMIT = 590
CELERY_TASK_SOFT_TIME_LIMIT = 570
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 660,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "max_retries": 0,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "trialsite.log_lines.LineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING" if STAGE == "test" else "INFO"},
    # Bad requests are answers, not errors of the server.
    "loggers": {"django.request": {"level": "ERROR"}, "django.server": {"level": "WARNING"}},
}
