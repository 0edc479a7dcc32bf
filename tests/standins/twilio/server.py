"""`python -m tests.standins.twilio.server SETTINGS.json`: Twilio's messaging, on loopback.

POST /2010-04-01/Accounts/{Sid}/Messages.json        take a text
GET  /2010-04-01/Accounts/{Sid}/Messages.json        list, filtered and in pages
GET  /2010-04-01/Accounts/{Sid}/Messages/{Sid}.json  one message
and, for the test that runs it:
PUT  /-/faults    other faults from now on
POST /-/inbound   {"url"?, "texts": [{"sender", "to", "text", "times"?}], "per_second"?}: post them
POST /-/clear     forget everything that was taken

It prints its address when it serves. `running.py` starts it and asks its ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import msgspec
import uvloop

from tapline.texts.parts import count_parts
from tests.standins import http_server
from tests.standins.http_client import Poster
from tests.standins.http_server import Answer, Request
from tests.standins.twilio import words
from tests.standins.twilio.carrier import Pace, Step, steps_of
from tests.standins.twilio.faults import Faults, RequestFault, draw, is_out, request_fault
from tests.standins.twilio.ledger import Ledger, Taken
from tests.standins.twilio.requests import (
    Account,
    Refused,
    check_caller,
    read_form,
    read_listing,
    read_sending,
)
from tests.standins.twilio.timetable import Timetable
from tests.standins.twilio.webhooks import Webhooks, inbound_form, receipt_form


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How one stand-in is set up. Delays are at most these, drawn for each message."""

    ledger: str
    account_sid: str
    auth_token: str
    numbers: tuple[str, ...] = ()
    services: dict[str, tuple[str, ...]] = {}
    inbound_url: str = ""
    handles_opt_outs: bool = True  # False: Advanced Opt-Out leaves them to the account's owner
    queue_seconds: float = 0.2
    delivery_seconds: float = 1.0
    connections: int = 32  # for webhooks, at once
    port: int = 0
    faults: Faults = Faults()


class InboundText(msgspec.Struct, frozen=True):
    """A text that somebody sends to one of the numbers; posted `times` times."""

    sender: str
    to: str
    text: str
    times: int = 1


class Inbound(msgspec.Struct, frozen=True):
    """Texts to be posted now, or so many a second, to `url` or else to where the settings say."""

    texts: list[InboundText]
    per_second: float = 0.0
    url: str = ""


class Twilio:
    """Takes texts, moves them on, and posts what becomes of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._account = Account(
            settings.account_sid, settings.auth_token, settings.numbers, settings.services
        )
        self._pace = Pace(settings.queue_seconds, settings.delivery_seconds)
        self._faults = settings.faults
        self._ledger = Ledger(Path(settings.ledger), settings.account_sid)
        self._poster = Poster(settings.connections)
        self._webhooks = Webhooks(self._ledger, self._poster, settings.auth_token)
        self._timetable = Timetable(settings.connections)
        self._started = time.monotonic()
        self._requests = 0

    def start(self) -> None:
        """Go on with what an earlier process took."""
        self._timetable.start()
        for number in self._ledger.unsettled():
            self._plan(number)

    async def stop(self) -> None:
        await self._timetable.stop()
        self._poster.close()
        self._ledger.close()

    async def handle(self, request: Request) -> Answer | None:
        """Answer one request; None cuts the connection."""
        if request.path.startswith("/-/"):
            return self._command(request)
        try:
            check_caller(self._account, request.headers.get("authorization", ""))
            return await self._answer(request)
        except Refused as refused:
            return self._refuse(request, refused)

    def _command(self, request: Request) -> Answer:
        match request.path:
            case "/-/faults":
                self._faults = msgspec.json.decode(request.body, type=Faults)
            case "/-/inbound":
                self._hear(msgspec.json.decode(request.body, type=Inbound))
            case "/-/clear":
                self._timetable.clear()
                self._ledger.clear()
                self._faults = self._settings.faults
        return Answer(200, b"{}")

    async def _answer(self, request: Request) -> Answer | None:
        base = f"/{words.API_VERSION}/Accounts/{self._account.sid}/Messages"
        if request.path == f"{base}.json":
            match request.method:
                case "POST":
                    return await self._send(request)
                case "GET":
                    return self._list(base, request.query)
            raise Refused(words.NOT_ALLOWED)
        if request.path.startswith(f"{base}/") and request.method == "GET":
            sid = request.path.removeprefix(f"{base}/").removesuffix(".json")
            number = self._ledger.number_of(sid)
            if number is not None:
                return _json(200, words.as_resource(self._ledger.message(number)))
        raise Refused(words.NOT_FOUND, request.path)

    async def _send(self, request: Request) -> Answer | None:
        self._requests += 1
        fault = request_fault(self._faults, self._requests)
        if is_out(self._faults, time.monotonic() - self._started):
            raise Refused(words.UNAVAILABLE)
        match fault:
            case RequestFault.TOO_MANY:
                raise Refused(words.TOO_MANY)
            case RequestFault.ERROR:
                raise Refused(words.UNAVAILABLE)
            case RequestFault.SLOW:
                await asyncio.sleep(self._faults.slow_seconds)
        taken = read_sending(read_form(request.body), self._account)
        number = self._take(taken)
        return await self._tell(number, taken, fault)

    def _take(self, taken: Taken) -> int:
        senders = self._account.pool(taken.service_sid, taken.sender)
        if self._ledger.has_opted_out(taken.to, senders):
            raise Refused(words.UNSUBSCRIBED)
        number = self._ledger.take(taken, now=time.time())
        self._plan(number)
        return number

    async def _tell(self, number: int, taken: Taken, fault: RequestFault | None) -> Answer | None:
        """Answer for a text that was taken, or fail to."""
        if fault in (RequestFault.TIME_OUT, RequestFault.ERROR_AFTER):
            status = 500 if fault == RequestFault.ERROR_AFTER else None
            self._ledger.note_incident(
                recipient=taken.to, status=status, code=None, fault=fault.value, now=time.time()
            )
        if fault == RequestFault.TIME_OUT:
            await asyncio.sleep(self._faults.hang_seconds)
            return None
        if fault == RequestFault.ERROR_AFTER:
            return _json(500, words.SERVER_ERROR.body())
        return _json(201, words.as_resource(self._ledger.message(number)))

    def _refuse(self, request: Request, refused: Refused) -> Answer:
        problem = refused.problem
        faults = {429: RequestFault.TOO_MANY.value, 503: RequestFault.ERROR.value}
        if request.method == "POST":
            self._ledger.note_incident(
                recipient=read_form(request.body).get("To", [""])[0],
                status=problem.status,
                code=problem.code,
                fault=faults.get(problem.status, ""),
                now=time.time(),
            )
        headers = {}
        if problem == words.TOO_MANY and self._faults.retry_after_seconds is not None:
            headers["Retry-After"] = str(self._faults.retry_after_seconds)
        if problem == words.AUTHENTICATE:
            headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        return _json(problem.status, problem.body(refused.value), headers)

    def _list(self, base: str, query: str) -> Answer:
        asked = parse_qs(query)
        token = asked.get("PageToken", [""])[0].removeprefix("PA")
        known = {token: self._ledger.number_of(token) or 0} if token else {}
        wanted = read_listing(query, known)
        # One more than asked for says whether there is a next page.
        found = self._ledger.list(replace(wanted, limit=wanted.limit + 1))
        page, size = int(asked.get("Page", ["0"])[0]), wanted.limit
        shown = found[:size]
        uri = partial(_page_uri, base, asked, size)
        is_last = len(found) <= size
        return _json(
            200,
            {
                "end": page * size + max(0, len(shown) - 1),
                "first_page_uri": uri(0),
                "messages": [words.as_resource(message) for message in shown],
                "next_page_uri": None if is_last else uri(page + 1, shown[-1].sid),
                "page": page,
                "page_size": size,
                "previous_page_uri": uri(page - 1) if page else None,
                "start": page * size,
                "uri": uri(page),
            },
        )

    def _plan(self, number: int) -> None:
        message = self._ledger.message(number)
        callback, validity_seconds = self._ledger.callback_of(number)
        steps = steps_of(
            number,
            has_service=message.service_sid is not None,
            validity_seconds=validity_seconds,
            pace=self._pace,
            faults=self._faults,
        )
        for step in steps:
            self._timetable.add(step.after_seconds, partial(self._move, number, step))
            for at in step.posts if callback else ():
                assert callback is not None
                post = partial(self._post_receipt, number, step, callback)
                self._timetable.add(at + 0.001, post)

    async def _move(self, number: int, step: Step) -> None:
        message = self._ledger.message(number)
        pool = self._account.pool(message.service_sid, message.sender)
        turn = int(draw(self._faults.seed, "sender", number) * len(pool))
        self._ledger.move(
            number,
            step.status,
            now=time.time(),
            error=step.error,
            sender=pool[turn] if pool else "",
        )

    async def _post_receipt(self, number: int, step: Step, callback: str) -> None:
        form = receipt_form(self._ledger.message(number), step.status, step.error, time.time())
        await self._webhooks.post(callback, form, kind="status", token=f"{number}-{step.status}")

    def _hear(self, inbound: Inbound) -> None:
        url, now = inbound.url or self._settings.inbound_url, time.time()
        for turn, text in enumerate(inbound.texts):
            after = turn / inbound.per_second if inbound.per_second else 0.0
            self._timetable.add(after, partial(self._post_inbound, text, url, now + after))

    async def _post_inbound(self, text: InboundText, url: str, at: float) -> None:
        """Post a text that somebody wrote at a moment, which a flood may have made later."""
        sid = self._ledger.receive(sender=text.sender, to=text.to, text=text.text, now=at)
        self._note_wish(text, at)
        form = inbound_form(
            account_sid=self._account.sid,
            sid=sid,
            sender=text.sender,
            to=text.to,
            text=text.text,
            parts=count_parts(text.text),
        )
        for _ in range(text.times):
            await self._webhooks.post(url, form, kind="inbound", token=sid)

    def _note_wish(self, text: InboundText, now: float) -> None:
        if not self._settings.handles_opt_outs:
            return
        word = text.text.strip().upper()
        pools = [pool for pool in self._settings.services.values() if text.to in pool]
        senders = {text.to, *(number for pool in pools for number in pool)}
        if word in words.STOP_WORDS:
            self._ledger.opt_out(text.sender, sorted(senders), now=now)
        elif word in words.START_WORDS:
            self._ledger.opt_in(text.sender, sorted(senders))


def _page_uri(
    base: str, asked: dict[str, list[str]], size: int, page: int, last_sid: str = ""
) -> str:
    kept = {name: values[0] for name, values in asked.items() if not name.startswith("Page")}
    token = {"PageToken": f"PA{last_sid}"} if last_sid else {}
    return f"{base}.json?{urlencode({**kept, 'PageSize': size, 'Page': page, **token})}"


def _json(status: int, body: object, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, msgspec.json.encode(body), headers or {})


async def run(settings: Settings) -> None:
    """Serve until SIGTERM."""
    twilio = Twilio(settings)
    twilio.start()
    server = await http_server.serve(twilio.handle, "127.0.0.1", settings.port)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)  # noqa: T201
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    server.close()
    await twilio.stop()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(run(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Settings)))
