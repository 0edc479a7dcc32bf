"""Sentences that ask to be left alone, in four languages, and what only looks like one.

In the notation of `phrases`, each with the reason why it counts. Left out on purpose: what asks
for less («not after 9»), what is about an appointment or an order, and what needs more than the
sentence to be understood. Somebody at the page reads the doubtful ones.
"""

from __future__ import annotations

from tapline.texts.phrases import Phrase, compile_phrase

# What we send, as people call it. A single «text» or «offer» mostly means that one alone.
NAMES = {
    "texts": "texts|text messages|text message|messages|message|msgs|msg|sms|texting|messaging|spam"
    "|spamming|notifications|notification|alerts|alert|promos|promo|promotions|ads|advertising"
    "|advertisements|marketing|offers|solicitations",
    "all_of_your": "all|any|more|of|with|the|these|this|those|your|ur|my|me|damn|fucking|such"
    "|further|future|text|marketing|promotional|unwanted|junk|from|you|guys",
    "me": "me|us|my number|my phone|my cell|my name|my info|my phone number|my cell number"
    "|this number|this phone",
    "your_list": "of|your|ur|this|these|those|the|all|any|every|text|texting|sms|mailing|marketing"
    "|contact|phone|call|calling|message|messaging|distribution|spam|promo|promotional|subscriber|stupid",
    "list": "list|lists|database|data base|system|texts|text|text messages|messages|contacts"
    "|records|files|marketing|alerts|promotions|sms|program",
    "nothing_more": "again|anymore|any more|ever|please|pls|plz|thanks|thank you|at this number"
    "|on this number|to this number|at all|you|guys|ok|now",
    "mensajes": "mensaje|mensajes|mensajitos|texto|textos|sms|publicidad|promociones|propaganda"
    "|ofertas|spam",
    "messages": "message|messages|sms|texto|textos|pub|pubs|publicite|publicites|offres|promo"
    "|promos|promotions|spam|spams",
    "nachrichten": "sms|nachricht|nachrichten|werbung|texte|angebote|mitteilungen|spam|infos",
}


def _phrase(language: str, reason: str, sentences: str) -> Phrase:
    return compile_phrase(language, reason, sentences, NAMES)


CLEAR: tuple[Phrase, ...] = (
    _phrase(
        "en",
        "asks that our texts stop",
        """
        (stop|quit|cease|discontinue|halt) [sending|getting|receiving] [<all_of_your>] <texts>
        (stop|quit|cease) [with|all] (sending|contacting|bothering|harassing|spamming|annoying)
        (cancel|end) [<all_of_your>] (texts|text messages|messages|sms|alerts|notifications)
        no more [<all_of_your>] (texts|text messages|messages|msgs|sms|texting|spam|promos|ads)
        """,
    ),
    _phrase(
        "en",
        "forbids to write",
        """
        (do not|dont|never) [ever|please] (text|message|msg|contact|txt|bother) <me> \
          [<nothing_more>] $
        (do not|dont|never) [ever|please] (text|message|msg|contact|txt) [<nothing_more>] $
        (do not|dont|never) [ever|please] send [me|us] [any|more] (texts|messages|anything) \
          [<nothing_more>] $
        """,
    ),
    _phrase(
        "en",
        "does not want our texts",
        """
        (do not|dont|no longer|not|didnt) (want|wish|like|agree|consent|ask|wanna) \
          [to|for|get|receive|receiving|getting|be] [<all_of_your>] <texts>
        never (signed|agreed|consented|asked|subscribed) [up|for|to|get|receive] \
          [<all_of_your>] <texts>
        (do not|dont|no longer) (want|wish) to be (texted|contacted|messaged)
        (do not|dont|no longer) (want|wish) to be on (this|your|the|ur) list
        """,
    ),
    _phrase(
        "en",
        "asks to be taken off",
        """
        (take|get|remove|delete|drop|strike) <me> [off|from|out|of] [<your_list>] <list>
        (take|get) <me> off [of|this|here] [<nothing_more>] $
        (remove|delete) <me> [<nothing_more>] $
        lose (my|this) number
        """,
    ),
    _phrase(
        "en",
        "opts out",
        """
        unsubscribe <me>
        ^ [please|kindly] unsubscribe from [<your_list>] [<list>] [everything|<nothing_more>] $
        (how|where|want|like|wish|need|can|could|let me) [do|can|to|i|me|you] unsubscribe \
          [<nothing_more>] $
        (opt|opting) [me|us|my number] out [<nothing_more>] $
        (opt|opting) [me|us] out (of|from) [receiving|getting|<your_list>] [<list>] \
          [this|these] [<nothing_more>] $
        (already|have) opted out
        """,
    ),
    _phrase(
        "en",
        "takes consent back",
        """
        (revoke|withdraw|rescind|cancel|revoking|withdrawing) [all|any|my|our] \
          (consent|permission|authorization)
        """,
    ),
    _phrase(
        "en",
        "wants to be left alone",
        """
        leave (me|us) [the|hell|fuck] alone
        (fuck|piss|bugger) off
        """,
    ),
    _phrase(
        "es",
        "pide que no escriban más",
        """
        no mas <mensajes> [de texto|por favor|gracias] $
        no (me|nos) (envi*|mand*|escrib*|contact*|textee*|molest*) \
          [mas|nada|nunca|ya|por favor|gracias|estos|sus|<mensajes>] (mas|nada|nunca) \
          [<mensajes>|nada|por favor|gracias] $
        [ya] no (me|nos) (escrib*|contact*|textee*|molest*) [por favor|gracias] $
        (deja|deje|dejen|dejad|para|pare|paren|cesen) [ya] de \
          (envi*|mand*|escrib*|molest*|contact*|textear*)
        (deja|deje|dejen|paren|pare|basta) [ya] (de|con) [los|estos|sus|tantos] <mensajes>
        """,
    ),
    _phrase(
        "es",
        "no quiere nuestros mensajes",
        """
        no (quiero|deseo|queremos|quisiera) [seguir|recibir|recibiendo|que me|envien|manden|mas|\
          sus|tus|estos|esos|los|tantos] <mensajes>
        no (quiero|deseo) que me (escriban|contacten|manden mas|envien mas|molesten)
        no (quiero|deseo) [recibir] (nada|mas) [de ustedes|mas] $
        """,
    ),
    _phrase(
        "es",
        "pide la baja",
        """
        (dar|darme|denme|deme|dame|dadme|quiero|solicito|pido) [la|de|me|darme|mi|dar] baja \
          [por favor|gracias|de la lista|de su lista|de esta lista|de los mensajes] $
        (quit*|borr*|elimin*|saqu*|sac*|remuev*) [me|mi numero|mi telefono|este numero] (de|en) \
          (la|su|sus|tu|esta|las) (lista|listas)
        (quit*|borr*|elimin*) (mi|este) (numero|telefono)
        (desuscriban|desuscribanme|desuscribame) [por favor|gracias]
        """,
    ),
    _phrase("es", "retira su consentimiento", "(retiro|revoco|retirar|revocar) mi consentimiento"),
    _phrase(
        "es",
        "quiere que le dejen en paz",
        """
        (dejenme|dejeme|dejame|dejennos) en paz
        (dejenme|dejeme|dejame) tranquil*
        """,
    ),
    _phrase(
        "fr",
        "demande de ne plus écrire",
        """
        ne (mecriv*|menvoy*|menvoi*) plus
        ne (me|nous) (contact*|derang*|sollicit*|spam*|harcel*|ecriv*|envoy*) plus
        ne plus (mecrire|menvoyer)
        ne plus (me|nous) (ecrire|envoyer|contacter|deranger|solliciter|spammer)
        (nenvoyez|nenvoie|nenvoies) plus
        (arret*|cess*) de (mecrire|menvoyer|me contacter|me spammer|me harceler|nous ecrire|\
          nous envoyer)
        (arret*|cess*|stop) [avec|a|aux] (vos|les|ces|tous|tous vos|tous ces|tous les) <messages>
        (plus|pas) (aucun|aucune|dautres) <messages>
        """,
    ),
    _phrase(
        "fr",
        "ne veut plus de nos messages",
        """
        (veux|voulons|souhaite|souhaitons|desire|veut) (plus|pas) \
          [recevoir|de|vos|ces|les|aucun|aucune] <messages>
        (veux|voulons|souhaite|souhaitons|desire) plus etre (contacte*|sollicite*|derange*)
        """,
    ),
    _phrase(
        "fr",
        "se désabonne",
        """
        (desabonn*|desinscri*) (moi|nous)
        (me|nous) (desabonn*|desinscri*)
        (retir*|enlev*|supprim*|effac*|otez|rayez) \
          (moi|nous|mon numero|mon nom|ce numero|mon contact) (de|du|dans) \
          [la|cette|vos|votre|toutes] (liste|listes|base|fichier|fichiers|repertoire)
        (retir*|enlev*|supprim*|effac*) (moi|mon numero|ce numero) [svp|merci|sil vous plait] $
        """,
    ),
    _phrase("fr", "retire son consentement", "(retire|revoque) (mon|le) (consentement|accord)"),
    _phrase("fr", "veut la paix", "(laiss*|fich*|fout*) (moi|nous) (tranquille|la paix|en paix)"),
    _phrase(
        "de",
        "will keine Texte mehr",
        """
        keine [weiteren|solchen|diese] <nachrichten> mehr
        bitte keine [weiteren] <nachrichten> [schicken|senden|danke] $
        keine weiteren <nachrichten>
        (stop|stopp|stoppt|stoppen) [sie|ihr|endlich|bitte|mit|die|diese|ihre|den|diesen|eure|\
          euren|der] <nachrichten>
        """,
    ),
    _phrase(
        "de",
        "verbietet zu schreiben",
        """
        (schreib*|kontaktier*|belastig*|belaestig*|schick*|send*|texte*) \
          [sie|ihr|mir|mich|uns|bitte|ja] (nicht|nie|nichts) (mehr|wieder)
        (nicht|nie|nichts) mehr (schreiben|anschreiben|kontaktieren|schicken|senden|zusenden|\
          zuschicken|belastigen)
        (hor|horen|hort|hoer|hoeren|hoert) [sie|ihr|endlich|bitte|doch|mal|sofort|jetzt] auf \
          [damit|bitte|mir|uns|mich] [zu|mit|ihren|euren|den|diesen] \
          [schreiben|texten|schicken|senden|nerven|belastigen|<nachrichten>] $
        """,
    ),
    _phrase(
        "de",
        "will von der Liste",
        """
        (nehmen|nehmt|nimm|streichen|streicht|streich|tragen|tragt) [sie|ihr|bitte] \
          (mich|uns|meine nummer|diese nummer) [bitte] (von|aus) \
          (der|ihrer|eurer|dieser|ihrem|eurem|dem) (liste|verteiler|kartei|datenbank)
        (losch*|loesch*|entfern*|streich*) [sie|ihr|bitte] (meine|diese) \
          (nummer|handynummer|telefonnummer|daten)
        (meld|melden|meldet|melde) [sie|ihr|bitte] (mich|uns) [bitte|hier] ab [bitte|danke] $
        (mich|uns|newsletter) [bitte|hier|wieder] (abmelden|austragen|abbestellen)
        """,
    ),
    _phrase(
        "de",
        "widerruft",
        """
        (widerrufe|widerruf) [ich|hiermit] (meine|die|meiner) (einwilligung|zustimmung)
        (einwilligung|zustimmung) [hiermit|zu] (widerrufen|zuruckziehen|zurueckziehen)
        """,
    ),
    _phrase("de", "will Ruhe", "(lass|lasst|lassen) [sie] (mich|uns) [bitte|endlich] in ruhe"),
)

# Taken out before anything is looked for: it is not what the person wants, or not theirs.
NOT_THEIR_WISH: tuple[Phrase, ...] = (
    _phrase(
        "en",
        "asks us to go on",
        """
        (do not|dont|never|cant|cannot|wont|not) \
          [you|ever|want to|wanna|let|them|to|going to|gonna] \
          (stop|quit|unsubscribe|opt out|opt me out|cancel|end|remove me|take me off) \
          [sending|texting|messaging|the|these|your|me|my|us|texts|messages|offers|from|list|out|\
          of|deals]
        """,
    ),
    _phrase(
        "es",
        "pide que sigamos",
        "no (par*|dej*|cancel*|quit*) [de|enviar*|mandar*|escribir*|sus|los|<mensajes>|me]",
    ),
    _phrase(
        "fr",
        "demande de continuer",
        "(narret*|ne desabonn*|ne cess*) [surtout] (pas|jamais) [de|les|vos|menvoyer|<messages>]",
    ),
    _phrase(
        "de",
        "bittet um mehr",
        """
        (hor|horen|hort|hoer|hoeren|hoert) [sie|ihr|bitte|bloss|ja] (nicht|nie|niemals) auf \
          [mir|zu|schreiben|mit|den]
        nicht (abmelden|austragen|aufhoren|aufhoeren|stoppen)
        """,
    ),
    _phrase(
        "de",
        "fragt nach mehr, oder wo sie bleiben",
        """
        (habt ihr|haben sie|gibt es|gibts) keine <nachrichten> mehr
        (bekomme|kriege|erhalte|bekommen|kommen) [ich|wir] keine <nachrichten> mehr
        """,
    ),
    _phrase(
        "",
        "repeats what our own text said",
        """
        (reply|text|txt|respond|responda|envie|repondez|envoyez|antworten|sende|senden) \
          [sie|with|the word|avec|con|mit] (stop|end|quit|cancel|baja|alto|arret) \
          [to|2|para|pour|um|zum|opt out|optout|end|stop|unsubscribe|cancel|salir|terminar|\
          arreter|abmelden|texts|messages]
        """,
    ),
    _phrase(
        "",
        "happened by mistake",
        """
        (opted out|unsubscribed|unsubscribe|sent stop|texted stop|typed stop|di de baja|desabonne|\
          abgemeldet) [me|myself|all] (by mistake|by accident|accidentally|por error|sin querer|\
          par erreur|aus versehen)
        (accidentally|mistakenly|por error|sin querer|par erreur|aus versehen|versehentlich) \
          [i|me|myself|mich|suis] (opted out|unsubscribed|sent stop|texted stop|di de baja|\
          desabonne|abgemeldet)
        """,
    ),
    _phrase(
        "en",
        "stopping somewhere, or something of their own",
        """
        (stop|stops|stopped|stopping) (by|in|over|off|on|near|around|through|here|there|sign|\
          signs|light|watch|loss|motion|bath)
        (stop|stops|stopped|stopping) (at|for) !(once|good)
        (stop|stopping) to (see|get|pick|say|buy|grab)
        (bus|train|tram|metro|subway|truck|pit|rest|first|next|last|second|third|one|short|quick|\
          a|my|our|every|each|which|what|the|full) stop
        (i|we|he|she|they|ill|well|rain|snow|music|bus|train|didnt|doesnt|wouldnt) \
          [will|can|could|would|might|may|had to|have to|need to|going to|gonna|always|usually|\
          should] stop !(getting|receiving|sending|texting|all|these|this|those|your|any|\
          the texts|the messages|<texts>)
        """,
    ),
)

# What a person should look at. Nothing is claimed of them.
DOUBTFUL: tuple[Phrase, ...] = (
    _phrase("en", "a word to stop, among others", "(stop|unsubscribe|optout|opt out)"),
    _phrase(
        "en",
        "may mean every text, or this one",
        """
        (not|no longer) [longer] interested
        no more [please|thanks|thank you] $
        enough [already|is enough] $
        i want out
        wrong (number|person)
        ^ [this|is|its] spam $
        (report|reporting|reported) (you|this|spam)
        too many (texts|messages|msgs)
        cancel (my|the|this) subscription
        shut up
        """,
    ),
    _phrase(
        "en",
        "asks for less",
        "(do not|dont|never) [ever|please] (text|message|contact|txt) (me|us|this number)",
    ),
    _phrase(
        "es",
        "puede querer decir todos",
        """
        ^ no mas [por favor|gracias] $
        ^ [ya] basta [por favor|ya] $
        no (me interesa|estoy interesad*)
        numero equivocado
        no me (escrib*|mand*|envi*)
        demasiados mensajes
        cancelar (mi|la) suscripcion
        """,
    ),
    _phrase(
        "fr",
        "peut vouloir dire tous",
        """
        ^ plus de <messages> [svp|merci|sil vous plait] $
        (pas|plus) interess*
        (mauvais|faux) numero
        ^ ca suffit $
        trop de (messages|sms)
        """,
    ),
    _phrase(
        "de",
        "kann alle meinen",
        """
        kein interesse
        falsche nummer
        ^ (es|jetzt) reicht [es|jetzt] $
        [das] nervt
        zu viele (sms|nachrichten)
        ^ [bitte] keine werbung $
        """,
    ),
)
