"""Words that carriers' filters and people take for pushing, in three languages.

Not in it: words that say what is offered («free delivery», «sale», «discount»), since a shop must
be able to say what it sells. Source of the kinds: CTIA's and carriers' word on deceptive urgency
and unlikely gains; the list is our own.
"""

from __future__ import annotations

import re

_PHRASES = """
act now
act fast
act immediately
before it's too late
buy now
call now
click here
click below
click now
tap here now
don't delay
don't miss out
don't wait
do it now
last chance
final chance
final notice
final warning
once in a lifetime
only today
hurry
hurry up
limited time only
while supplies last
while stocks last
urgent
urgently
guaranteed
100% free
totally free
absolutely free
free money
easy money
fast cash
extra cash
make money
no risk
risk free
risk-free
no obligation
no strings attached
you have been selected
you have won
you've won
you won
you're a winner
you are a winner
congratulations
claim your prize
exclusive deal
best price ever
lowest price ever
miracle
what are you waiting for

actúa ya
actúa ahora
compra ya
compra ahora
haz clic aquí
haga clic aquí
pincha aquí
clic aquí
corre
date prisa
dese prisa
no te lo pierdas
no se lo pierda
no esperes más
no lo dejes pasar
última oportunidad
últimas horas
último aviso
solo hoy
sólo hoy
únicamente hoy
hasta agotar existencias
urgente
garantizado
totalmente gratis
100% gratis
completamente gratis
dinero fácil
dinero rápido
sin riesgo
sin compromiso
has sido seleccionado
has ganado
ha ganado
eres el ganador
felicidades
felicitaciones
enhorabuena
reclama tu premio
oferta irrepetible
a qué esperas

jetzt zuschlagen
schlag jetzt zu
schlagen sie jetzt zu
schnell zugreifen
jetzt zugreifen
jetzt kaufen
jetzt bestellen
sofort kaufen
hier klicken
klick hier
klicke hier
klicken sie hier
beeil dich
beeilen sie sich
nicht verpassen
nicht warten
letzte chance
letzte gelegenheit
letzte mahnung
nur heute
nur noch heute
nur solange der vorrat reicht
solange der vorrat reicht
dringend
garantiert
völlig kostenlos
100% kostenlos
100% gratis
leichtes geld
schnelles geld
geld verdienen
ohne risiko
risikofrei
unverbindlich
sie wurden ausgewählt
du wurdest ausgewählt
sie haben gewonnen
du hast gewonnen
glückwunsch
herzlichen glückwunsch
einmalige chance
einmalige gelegenheit
worauf wartest du
worauf warten sie
"""
# The longest first, so that «hurry up» is named and not «hurry».
PUSHY = tuple(sorted(set(filter(None, _PHRASES.splitlines())), key=lambda each: (-len(each), each)))

# Between words may stand any space, for an apostrophe any of its kinds.
_APOSTROPHE = "['’]?"


def _pattern(phrase: str) -> str:
    words = (re.escape(word).replace("'", _APOSTROPHE) for word in phrase.split())
    return r"\s+".join(words)


PATTERN = re.compile(rf"(?<![\w%])(?:{'|'.join(map(_pattern, PUSHY))})(?!\w)", re.IGNORECASE)
