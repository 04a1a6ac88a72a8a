"""Which questions lean on the one before them: "And why?", "What about the second one?"."""

import re

from lib.domain.folding import is_spaceless

# A question that begins with one of these goes on with the last …
_CONNECTIVES = """
    and but so then also or because und aber oder dann auch et mais ou donc alors aussi y e pero entonces
    también mas então também ma allora anche en maar dus ook och men så også и \u0430 но или тогда также
    και αλλά ve ama peki ale więc و لكن और लेकिन 그리고 그럼 그러면 và còn
    وماذا ولماذا وما ومن وكم وكيف وأين ومتى وهل وأي وأيّ وإلى وفي وعن وعلى فماذا فلماذا فكيف فهل فمن
"""
_OPENINGS = re.compile(
    r"\s*¿?(?:what about|how about|what else|was ist mit|wie ist es mit|wie sieht es mit|et pour|qu.en est-il"
    r"|qué hay de|qué pasa con|e quanto a|hoe zit het met|wat met|hur är det med|hvad med|hva med"
    r"|那|还有|還有|では|じゃあ|それで|ماذا عن|แล้ว|และ)",
    re.IGNORECASE,
)
# … so does one that points back without saying at what …
_POINTERS = """
    it its they them their he him his she this that these those former latter same
    sie ihm ihr ihre ihren seine seiner dies diese dieser dieses diesem dasselbe dieselbe dort davon dazu dafür daran
    damit dabei elle elles lui leur cela ça ceci celui celle ceux celles ce cette
    él ella ellos ellas esto eso ello este estos estas ese esa
    ele ela eles elas isto isso aquilo esso essa essi questo questa quello quella ciò
    hij zij dit deze dat daarvan hun dette denne disse detta denna dessa
    он она оно они \u0435\u0433\u043e её \u0435\u0435 их это этот эта эти
    αυτό αυτή αυτός αυτά bu şu bunlar onlar
    هذا هذه ذلك تلك यह वह ये वे nó
    इस इसका इसके इसकी इसे इसको इसमें इससे इसने इन इनका इनके इनकी इन्हें इनको इनमें इनसे इन्होंने
    उस उसका उसके उसकी उसे उसको उसमें उससे उसने उन उनका उनके उनकी उन्हें उनको उनमें उनसे उन्होंने
"""
_SECOND_ONE = re.compile(
    r"\b(?:first|second|third|last|other|next|previous|which) ones?\b"
    r"|\b(?:examples?|beispiele?|exemples?|ejemplos?|exemplos?|esempio|esempi|voorbeeld|exempel|eksempel|примеры?)\W*$"
    r"|ล่ะ\W*$",
    re.IGNORECASE,
)
# … and a very short one with a word that means little alone, or is an article or a verb elsewhere.
_WEAK_POINTERS = """
    more again explain one there das mehr il plus más mais più het det to
"""
_POINTING_CHARACTERS = re.compile(
    "그것|이것|저것|它|他|她|这|這|那|其|呢|それ|これ|あれ|その|この|なぜですか|(?<!วัน)นี้|นั้น"
    # "It", where it is no part of fat, oil, Roman, potato.
    r"|(?:^|\s|ของ|กับ|จาก|ให้|ว่า|ทำไม)มัน(?!ฝรั่ง|เทศ|สมอง)"
)
_CONNECTED = frozenset(_CONNECTIVES.split())
_POINTING = frozenset(_POINTERS.split())
_WEAKLY_POINTING = frozenset(_WEAK_POINTERS.split())

# A longer question says what it is about, whatever pronouns it has.
_MOST_WORDS = 9
# Later in a longer one, "it" is what the question itself has named: why does light bend when it enters glass?
_MOST_POINTING, _EARLY = 6, 4
_SHORT = 4  # words: Was ist das? Can you explain more?
_FEW_WORDS = 2  # Why? Which ones?
# Two ideographs or kana say about as much as a word. Thai, Lao, Burmese and Khmer are spelt, with signs for vowels
# and tones: some four to a word.
_CHARACTERS_PER_WORD, _LETTERS_PER_WORD = 2, 4
_FIRST_OF_IDEOGRAPHS = "\u3001"  # and kana; what is spelt comes before

_PUNCTUATION = " \t.,;:!?\"'()\u00bf\u00a1\u061f\u060c\uff1f\u3002\u2026"


def is_follow_up(question: str) -> bool:
    """Say whether a question, asked within a chat, cannot be understood alone.

    It has at most 2 words; or at most 9 and it begins with a connective ("and", "what about") or
    early on has a word that points back ("it", "this one").
    """
    words = [word for part in question.lower().split() if (word := part.strip(_PUNCTUATION))]
    count = _count_words(words)
    if count <= _FEW_WORDS:
        return True
    if count > _MOST_WORDS or not words:
        return False
    return (
        words[0] in _CONNECTED
        or _OPENINGS.match(question) is not None
        or not _POINTING.isdisjoint(words if count <= _MOST_POINTING else words[:_EARLY])
        or (count <= _SHORT and not _WEAKLY_POINTING.isdisjoint(words))
        or _SECOND_ONE.search(question) is not None
        or _POINTING_CHARACTERS.search(question) is not None
    )


def _count_words(words: list[str]) -> float:
    spaceless = [character for word in words for character in word if is_spaceless(character)]
    spelt = sum(character < _FIRST_OF_IDEOGRAPHS for character in spaceless)
    return (
        sum(not is_spaceless(word[0]) for word in words)
        + spelt / _LETTERS_PER_WORD
        + (len(spaceless) - spelt) / _CHARACTERS_PER_WORD
    )
