"""The ASGI application that uvicorn serves: pages and API."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tapline.settings")

from tapline.sqlite import use_safe_sqlite  # before any Django import

use_safe_sqlite()

from django.core.asgi import get_asgi_application  # noqa: E402

application = get_asgi_application()
