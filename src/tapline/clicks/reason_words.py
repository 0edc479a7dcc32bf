"""What verdicts and the reasons for them mean, in people's words: one table for every rule's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tapline.clicks.evidence import Verdict

Words = Any  # a text that is translated when it is shown; Django's type for it is a stub's own

COUNTS_AS: Mapping[str, Words] = {
    Verdict.HUMAN: gettext_lazy("a person"),
    Verdict.PREVIEW: gettext_lazy("a link preview"),
    Verdict.SCANNER: gettext_lazy("a security scanner"),
    Verdict.PREFETCH: gettext_lazy("a browser loading ahead"),
    Verdict.TOOL: gettext_lazy("a program"),
    Verdict.OPERATOR: gettext_lazy("one of your own"),
    Verdict.UNKNOWN: gettext_lazy("not certain"),
}

_BY_METHOD = gettext_lazy("It asked about the page without wanting to see it.")
_SAYS_AHEAD = gettext_lazy("The browser itself said that nobody had tapped yet.")

REASONS: Mapping[str, Words] = {
    "method_head": _BY_METHOD,
    "method_options": _BY_METHOD,
    "method_trace": _BY_METHOD,
    "sec_purpose": _SAYS_AHEAD,
    "x_moz": _SAYS_AHEAD,
    "purpose": _SAYS_AHEAD,
    "x_purpose": _SAYS_AHEAD,
    "agent_crawler_list": gettext_lazy("Its name stands in a public list of machines."),
    "agent_http_library": gettext_lazy("It gave the name of a library that programs fetch with."),
    "agent_headless_browser": gettext_lazy("It was a browser that runs without a screen."),
    "no_agent": gettext_lazy("It did not say what it is; every browser does."),
    "raw_library": gettext_lazy("An app fetched the page by itself, with no browser opened."),
    "flood": gettext_lazy("The same link was opened over a hundred times within a minute."),
    "operator": gettext_lazy("A test, or the link of somebody marked as one of your own."),
    # --- headers that contradict the name beside them
    "bare_request": gettext_lazy(
        "It called itself a browser, but asked for no page a person reads."
    ),
    "fetched_by_script": gettext_lazy("A program's code fetched the page; a tap opens it."),
    "hints_of_another_engine": gettext_lazy("It sent what the browser it named never sends."),
    "two_versions": gettext_lazy("It named two different versions of one browser."),
    "two_platforms": gettext_lazy("It named two different systems."),
    "two_sizes": gettext_lazy("It called itself a phone and a computer at once."),
    "hints_left_out": gettext_lazy("It left out what the browser it named always sends."),
    "known_network": gettext_lazy("It came from a network that draws previews."),
    # --- what the openings of a broadcast say about each other
    "canary": gettext_lazy("It opened the link of a seed contact, which nobody taps."),
    "canary_lookalike": gettext_lazy(
        "It opened the link of a seed contact, which nobody taps;"
        " nothing else tells it from a person."
    ),
    "canary_opener": gettext_lazy("It also opened the link of a seed contact, which nobody taps."),
    "too_soon": gettext_lazy("It came before anybody can have read the text."),
    "links_at_once": gettext_lazy("It opened several links of the text within a second."),
    "perhaps_at_once": gettext_lazy(
        "Another link of the text was opened within two seconds of it, by the same kind of browser."
    ),
    "walker": gettext_lazy("It opened the links of many recipients, one after another."),
    "perhaps_walker": gettext_lazy(
        "It may have opened the links of many recipients; the signs are too few to be certain."
    ),
    "known_walker": gettext_lazy(
        "Its network and browser opened many recipients' links of an earlier broadcast, and several"
        " of this one."
    ),
    "before_receipt": gettext_lazy("It came before the provider says that the text arrived."),
    "unfamiliar_agent": gettext_lazy(
        "It is no machine that is known, and no usual browser either."
    ),
    "shared": gettext_lazy("Another device elsewhere: the link was probably passed on."),
}

# What fetchers that say who they are are called: names of products, the same in every language.
FETCHERS: Mapping[str, str] = {
    "google_messages": "Google Messages",
    "google_page_renderer": "Google Messages",
    "imessage": "iMessage",
    "whatsapp": "WhatsApp",
    "kakaotalk": "KakaoTalk",
    "line": "LINE",
    "facebook": "Facebook",
    "meta": "Meta",
    "teams": "Skype, Microsoft Teams",
    "telegram": "Telegram",
    "viber": "Viber",
    "snapchat": "Snapchat",
    "groupme": "GroupMe",
    "twitter": "Twitter",
    "slack": "Slack",
    "discord": "Discord",
    "linkedin": "LinkedIn",
    "google_safety": "Google Safety",
    "barracuda": "Barracuda",
    "kaspersky": "Kaspersky",
    "palo_alto": "Palo Alto Networks",
    "virustotal": "VirusTotal",
    "cloudflare_radar": "Cloudflare Radar",
    "bitly": "Bitly",
    "googlebot": "Googlebot",
    "twilio_proxy": "Twilio",
}


def reason_in_words(reasons: str) -> str:
    """Return why an opening counts as what it does: `reasons` as clicks hold them.

    Empty where no rule had anything to say. A reason that only older rules gave is shown by its
    name.
    """
    return " ".join(_sentence(reason) for reason in reasons.split(",") if reason)


def _sentence(reason: str) -> str:
    if reason in REASONS:
        return str(REASONS[reason])
    if fetcher := FETCHERS.get(reason.removeprefix("agent_")):
        return _("It calls itself %(name)s.") % {"name": fetcher}
    return _("Rule “%(name)s”.") % {"name": reason}
