"""What the local model needs to see in a sentence before it takes it for an answer: a year, a length, a number."""

import re

from dev.local_vocabulary import ALL_FUNCTION_WORDS, fold

_NUMERAL = "一二三四五六七八九十百千万亿两"
_DIGIT = f"\\d{_NUMERAL}"

_MONTH = (
    "january|february|march|april|may|june|july|august|september|october|november|december|januar"
    "|februar|märz|mai|juni|juli|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|agosto"
    "|septiembre|octubre|noviembre|diciembre|janvier|février|mars|avril|juin|juillet|août|septembre"
    "|octobre|novembre|décembre"
)
_DATE = rf"\d{{3,4}}|\b\d{{1,2}}\b.*\b({_MONTH})\b|centur|jahrhundert|siglo|siècle|世纪|年"
_TEMPERATURE = r"°|degrees?|kelvin|\bgrad\b|grados|degrés|度"
_LENGTH = (
    r"half as (tall|wide|long|deep)"
    r"|\d.*(met(re|er)s?|\bmiles|\bfeet|\binch|\w*meter[ns]?\b|metros?|mètres?|\b[kcmnµ]?m\b)"
    rf"|[{_DIGIT}](千米|公里|米|丈|尺)"
)
_NUMBER_WORD = (
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen|twenty|thirty"
    r"|forty|fifty|hundred|thousand|million|half|twice|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn"
    r"|elf|zwölf|fünfzehn|zwanzig|dreißig|hundert|tausend|hälfte|dos|tres|cuatro|cinco|seis|siete|ocho"
    r"|nueve|diez|once|doce|quince|veinte|treinta|cien|mil|mitad|deux|trois|quatre|cinq|sept|huit|neuf"
    r"|dix|douze|quinze|vingt|trente|cent|mille|moitié)\b"
)
_TIME = (
    "second|minute|hour|day|week|month|year|centur|sekunde|stunde|tag|woche|monat|jahr|segundo|minuto"
    "|hora|día|semana|mes|año|siglo|seconde|heure|jour|semaine|mois|an(s|née)"
)
# A number and a unit of time with at most two words between them, or the years from and to.
_DURATION = (
    rf"(\d|{_NUMBER_WORD})\W*(\w+\W+){{0,2}}({_TIME})|[{_DIGIT}]个?(秒|分钟|小时|天|日|月|年)"
    r"|\b\d{3,4}\b[^\d.,]{2,}\b\d{3,4}\b"
)
# A year is no answer to how many.
_NUMBER = (
    rf"(?<![\d.,])(?!(1\d|20)\d\d(?![\d.,]*\d))\d+(?![\d年])|{_NUMBER_WORD}"
    rf"|(?<![{_NUMERAL}])[{_NUMERAL}]+(?![{_NUMERAL}年世])"
)

_ASKS_WHEN = (
    r"^\W*(and |und |y |et )?(when|wann|cuándo|cuando|quand)\b|(what|which) (year|date)"
    r"|welche[mns]? jahr|\bqué (año|fecha|día)|\b(fecha|datum|date)\b|quelle (année|date)"
    r"|什么时候|哪一?年|何时"
)
_ASKS_HOW_HOT = (
    r"how (hot|cold)|\btemperatur|schmelzpunkt|schmilzt|siedepunkt|siedet|(melting|boiling) point"
    r"|melts?\b|boils?\b|多少度|punto de fusión|point de fusion"
)
_ASKS_HOW_TALL = (
    r"how (tall|high|wide|deep|far|thick|large|big)\b|diameter|\b(height|width)|\bhöhe|durchmesser"
    r"|wie (hoch|tief|breit|weit|dick)\b|altura|diámetro|anchura|hauteur"
    r"|多高|多宽|多深|多长|高度|宽度|全长|长度"
)
_ASKS_FOR_A_DURATION = (
    r"how long (do|does|did|will) .*(take|last|need|live|stay|go)|how long (is|was) (a|the|one) (day|year)|"
    r"how old|wie alt|wie lange|cuánto (tiempo|duró|dura)|combien de temps|多久|几年"
)
_ASKS_HOW_MANY = (
    r"how (many|much|fast|bright|heavy)|percentage|share of|wie ?viel|cuánt|combien"
    r"|多少|几[个条次名种篇卷]|refractive index|critical angle|what angle|\bdichte"
)

# German is left out: its nouns all look like names.
_ASKS_WHO = re.compile(r"^\W*((and|y|et) )?(who|a? ?quién(es)?|qui)\b", re.IGNORECASE)
_NAME = re.compile(r"\b[A-ZÀ-Þ][\w'-]+")

# The first kind of question that fits counts.
_EVIDENCE = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(needed, re.IGNORECASE))
    for asked, needed in (
        (_ASKS_WHEN, _DATE),
        (_ASKS_HOW_HOT, _TEMPERATURE),
        (_ASKS_HOW_TALL, _LENGTH),
        (_ASKS_FOR_A_DURATION, _DURATION),
        (r"how long\b|wie lang\b", f"{_DURATION}|{_LENGTH}"),
        (_ASKS_HOW_MANY, _NUMBER),
    )
)


def has_evidence(question: str, text: str) -> bool:
    """Whether the text holds the kind of thing asked for: asked when, a text without a date is no answer."""
    if _ASKS_WHO.search(question):
        names = set(_NAME.findall(text)) - set(_NAME.findall(question))
        return any(fold(name) not in ALL_FUNCTION_WORDS for name in names)
    for asked, needed in _EVIDENCE:
        if asked.search(question):
            return bool(needed.search(text))
    return True
