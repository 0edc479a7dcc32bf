"""The words that ask for something by themselves, as `plain` writes them, by language.

Sources: 47 CFR 64.1200(a)(10) (stop, quit, end, revoke, opt out, cancel, unsubscribe are a no per
se); the lists of Twilio (STOP, UNSUBSCRIBE, END, QUIT, STOPALL, REVOKE, OPTOUT, CANCEL), Telnyx
(STOP ALL besides) and AWS (ARRET, OPT-OUT, REMOVE, TD besides). «opt out» is written `optout`.
"""

from __future__ import annotations


def _by_language(**words: str) -> dict[str, str]:
    """Return word → language."""
    return {word: language for language, listed in words.items() for word in listed.split()}


# Nobody says these to a business for any other reason, whatever small words stand around them.
STOP_WORDS = _by_language(
    en="stop stopall unsubscribe unsub optout revoke",
    es="desuscribir desuscribirme desuscribirse darmedebaja",
    fr="arret arreter arretez desabonner desabonnement desabonnez desinscrire desinscription",
    de="stopp abmelden abmeldung abbestellen austragen",
)

# Honoured alone or with a «please»: with more around them they mean appointments and months.
STOP_WORDS_ALONE = _by_language(
    en="end quit cancel remove td discontinue goaway",
    es="alto pare paren parar baja cancelar detener fin",
    fr="annuler resilier stopsms stoppub",
    de="ende aufhoren aufhoeren beenden kundigen kuendigen",
)

HELP_WORDS = _by_language(
    en="help info",
    es="ayuda informacion",
    fr="aide infos",
    de="hilfe hilf",
)

START_WORDS = _by_language(
    en="start unstop restart resume resubscribe optin",
    es="iniciar reanudar",
    fr="demarrer reprendre",
    de="starten weiter",
)

YES_WORDS = frozenset({"yes", "y", "yep", "yeah", "ok", "si", "oui", "ja"})

# May stand around a word without changing what it means.
POLITE = frozenset(
    _by_language(
        en="please pls plz plse thanks thank you thx ty kindly sir madam hi hello hey",
        es="por favor porfavor gracias hola",
        fr="svp stp sil vous plait te merci bonjour",
        de="bitte danke hallo",
    )
)
INSISTING = POLITE | frozenset(
    _by_language(
        en="now just it this that all me ok okay already immediately asap i said want to",
        es="todo todos ya ahora quiero",
        fr="tout tous maintenant se",
        de="alles jetzt sofort",
    )
)
