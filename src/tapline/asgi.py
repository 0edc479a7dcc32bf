"""The ASGI application that uvicorn serves: what providers post, then pages and API."""

from __future__ import annotations

import os
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tapline.settings")

from tapline.sqlite import use_safe_sqlite  # before any Django import

use_safe_sqlite()

from django.core.asgi import get_asgi_application  # noqa: E402

django = get_asgi_application()

from tapline.providers.hooks import App, BeforeDjango  # noqa: E402  # it needs Django ready

application = BeforeDjango(cast(App, django))
