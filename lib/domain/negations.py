"""Words that turn a statement round, in many languages: a quote that stops short of one says the opposite."""

# Some are harmless words in another language. That costs a citation now and then, never makes a false one.
_WORDS = """
    not no never none nor neither nobody nothing nowhere without cannot hardly minus non
    nicht nichts nie niemals nirgends ohne weder noch
    ne pas jamais aucun aucune sans ni rien sin nunca jamás ningún ninguna nada tampoco
    não nem sem nenhum nenhuma mai né senza nessun nessuno nessuna niente nulla
    niet geen nooit niets zonder inte ej aldrig ingen inget inga utan ikke aldri intet uten uden
    ei eivät ilman nincs nélkül bez nigdy żaden není nikdy žádný nu fără niciodată
    не нет ни без никогда нельзя немає ніколи
    όχι δεν δε μη μην χωρίς ποτέ değil yok hiç asla
    לא אין בלי ללא لا لم لن ليس ليست ليسوا غير بدون دون
    नहीं नही न मत बिना không chưa chẳng tidak bukan tanpa 안 못
"""
_STEMS = ("kein", "않", "없", "못하", "아니")
# Where no spaces part the words, these stand right before or after what they negate.
NEGATIONS_BEFORE = (*"不没沒無无未非勿莫别別", "ไม่", "มิ", "ບໍ່", "មិន")
NEGATIONS_AFTER = (*"不没沒無未ぬず", "ない", "なく", "なかっ", "なけれ", "ませ", "ไม่", "ບໍ່")

_NEGATIONS = frozenset(_WORDS.split())


def is_negation(word: str) -> bool:
    folded = word.casefold()
    if folded.endswith((".", ",", ";", ":", "!", "?", ")", '"')):
        return False  # what follows is said anew
    return folded in _NEGATIONS or folded.startswith(_STEMS) or folded.endswith("n't")
