"""What must not happen in a browser while a person uses the pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, ConsoleMessage, Response, WebError

# The answers themselves are watched: what Chromium logs about each says no more.
OF_ANSWERS = "Failed to load resource"


@contextmanager
def fail_on_trouble(context: BrowserContext) -> Iterator[list[str]]:
    """Collect what goes wrong in the tabs of `context` and fail with it at the end.

    That is: errors in the console (violations of the content security policy among them), thrown
    errors, answers of 500 and above, and scripts, styles, images or fragments that were not found.
    A page that is itself refused or not found may be what the test is about.
    """
    troubles: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(OF_ANSWERS):
            troubles.append(f"console: {message.text}")

    def on_error(error: WebError) -> None:
        troubles.append(f"thrown: {error.error}")

    def on_response(response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and not _asks_for_page(response)):
            troubles.append(f"{response.status}: {response.url}")

    context.on("console", on_console)
    context.on("weberror", on_error)
    context.on("response", on_response)
    yield troubles
    if troubles:
        raise AssertionError("The page had trouble:\n" + "\n".join(troubles))


def _asks_for_page(response: Response) -> bool:
    """Say whether a whole page was asked for, by its tab or by the service worker for it."""
    request = response.request
    is_of_worker = request.service_worker is not None
    accepts = request.headers.get("accept", "")
    return request.resource_type == "document" or (is_of_worker and accepts.startswith("text/html"))
