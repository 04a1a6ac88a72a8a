"""What holds as a quote and what does not: tables of honest differences and of lies."""

# Texts in many alphabets, and chance that need not be secret:
# ruff: noqa: RUF001, S311

import random
import re
import unicodedata

import pytest

from lib.domain.models import Passage
from lib.domain.quotes import LONGEST_QUOTE, find_citation, find_quote

OPTICS = """Refraction
A ray entering glass bends towards the normal, because light is slower in glass than in air.
It does not bend at all when it enters along the normal. The index of \u201ccrown\u201d glass is n = 1.52 at 20 \u00b0C;
at \u22125 \u00b0C it is 0.3 % higher. The well-
known law of Snell relates both angles and can be de-
rived from Fermat\u2019s principle. Light never takes a path that is longer than its neighbours.
Dispersion makes the index increase by 1,5 \u00d7 10\u207b\u00b3 per 175 nm, so that p < 0.05 in each of 12 trials.
"""
MEDICINE = """Drug | Dose | Allowed
Amlodipine | 5 mg | yes
Ibuprofen | 400 mg | no

Patients with hypertension received 5 mg per day for 10\u201312 weeks. In this group, mitosis of muscle cells increases.
Treatment is not necessary for healthy adults under 65. The drug must never be given without food and water.
The heart pumps 5 litres of blood a minute. Strong emotions are seldom harmful to it. \ufb01brosis is a scarring of tissue.
"""
MATHS = """\U0001f469\u200d\U0001f52c Let \U0001d453(\U0001d465) = \U0001d465\u00b2 be continuous \U0001f9ee on the re\u0301gion that Poincare\u0301 studied.
Its derivative f\u2032(x) = 2x is positive for every x > 0, and f(x) \u2265 0 everywhere."""
CHINESE = "光线进入玻璃时会向法线方向弯曲，因为光在玻璃中的\n速度比在空气中慢。沿法线入射时光线不会改变方向，也不需要计算折射角的大小和其他任何一个介质中的角度。"
JAPANESE = "光はガラスに入ると法線の方向に曲がります。真空中では光の速さは変わりませんので、屈折は起こりません。"
BRONZE = "后母戊鼎重约833千克，出土于安阳。它不是最早的铜器。西周灭亡了。有人写道：甲骨文是由外国人发现的。\n\n- 甲骨文由王懿荣在1899年发现；并非由罗振玉首先发现。司母戊鼎并不重约八百三十三千克，"
MOON = "月は地球の唯一の衛星です。月には空気がありません。"
THAI = "แสงที่เข้าสู่แก้วจะเบนเข้าหาเส้นปกติ เพราะแสงเดินทางในแก้วช้ากว่าในอากาศ"
ARABIC = "ينكسر الضوء عند دخوله الزجاج مقتربًا من العمود، لأن سرعته في الزجاج أقل منها في الهواء. لا ينكسر الضوء عندما يدخل عموديًا."
HINDI = "काँच में प्रवेश करने पर प्रकाश अभिलंब की ओर मुड़ता है। निर्वात में प्रकाश की चाल कभी नहीं बदलती है।"
GERMAN = "Ein Lichtstrahl wird beim Eintritt in Glas zum Lot hin gebrochen. Das schöne Brechungsgesetz gilt nicht für Lichtleiter unter 3 mm."
FRENCH = "L\u2019eau bout à 100 °C au niveau de la mer. La lumière ne se propage pas plus vite dans le verre que dans l\u2019air."
RUSSIAN = "Луч света, входящий в стекло, приближается к нормали. Ещё Снеллиус измерил этот угол, но не опубликовал результат."
GREEK = "Το φως που εισέρχεται στο γυαλί κάμπτεται προς την κάθετο. Η ταχύτητα δεν αυξάνεται ποτέ μέσα στο γυαλί."
TURKISH = "Cama giren ışın normale doğru kırılır, çünkü ışık camda daha yavaştır. Boşlukta kırılma değil yayılma olur."
KOREAN = "유리에 들어가는 빛은 법선 쪽으로 꺾인다. 진공에서는 빛의 속력이 변하지 않으므로 굴절이 일어나지 않는다."

HONEST = {
    "to the letter": (OPTICS, "A ray entering glass bends towards the normal", None),
    "a small letter at its beginning": (OPTICS, "a ray entering glass bends towards the normal", "A ray entering glass bends towards the normal"),
    "in capitals": (OPTICS, "THE WELL-KNOWN LAW OF SNELL", "The well-\nknown law of Snell"),
    "other spaces": (OPTICS, "bends  towards\u00a0the\nnormal, because\tlight", "bends towards the normal, because light"),
    "a line break less": (OPTICS, "when it enters along the normal. The index", None),
    "a word parted at a line's end": (OPTICS, "can be derived from Fermat's principle", "can be de-\nrived from Fermat\u2019s principle"),
    "a hyphen that happens to stand at a line's end": (OPTICS, "The well-known law of Snell", "The well-\nknown law of Snell"),
    "both in one quote": (OPTICS, "well-known law of Snell relates both angles and can be derived", "well-\nknown law of Snell relates both angles and can be de-\nrived"),
    "a soft hyphen": (OPTICS, "A ray enter\u00ading glass bends towards", "A ray entering glass bends towards"),
    "straight quotation marks": (OPTICS, 'The index of "crown" glass is n = 1.52', "The index of \u201ccrown\u201d glass is n = 1.52"),
    "no quotation marks": (OPTICS, "The index of crown glass is n = 1.52 at 20 \u00b0C", "The index of \u201ccrown\u201d glass is n = 1.52 at 20 \u00b0C"),
    "the whole in quotation marks": (OPTICS, "\u201cA ray entering glass bends towards the normal\u201d", "A ray entering glass bends towards the normal"),
    "ellipses around it": (OPTICS, "\u2026 entering glass bends towards the normal ...", "entering glass bends towards the normal"),
    "a full stop for a comma": (OPTICS, "A ray entering glass bends towards the normal.", "A ray entering glass bends towards the normal"),
    "its own full stop": (OPTICS, "because light is slower in glass than in air.", None),
    "Markdown emphasis": (OPTICS, "A **ray entering** glass _bends_ towards the normal", "A ray entering glass bends towards the normal"),
    "another dash": (MEDICINE, "5 mg per day for 10-12 weeks", "5 mg per day for 10\u201312 weeks"),
    "another minus": (OPTICS, "at -5 \u00b0C it is 0.3 % higher", "at \u22125 \u00b0C it is 0.3 % higher"),
    "less space around a sign": (OPTICS, "so that p<0.05 in each of 12 trials", "so that p < 0.05 in each of 12 trials"),
    "a power written with ^": (OPTICS, "by 1,5 \u00d7 10^-3 per 175 nm", "by 1,5 \u00d7 10\u207b\u00b3 per 175 nm"),
    "a comma left out": (MEDICINE, "In this group mitosis of muscle cells increases", "In this group, mitosis of muscle cells increases"),
    "an article too many": (OPTICS, "normal, because the light is slower in glass than in air. It does not bend at all when it enters", "normal, because light is slower in glass than in air.\nIt does not bend at all when it enters"),
    "an article too few": (OPTICS, "It does not bend at all when it enters along normal. The index of crown", "It does not bend at all when it enters along the normal. The index of \u201ccrown"),
    "a ligature undone": (MEDICINE, "fibrosis is a scarring of tissue", "\ufb01brosis is a scarring of tissue"),
    "a word that says no in the cell before it": (MEDICINE, "Patients with hypertension received 5 mg per day", None),
    "a heading that says no before it": ("When not\n\nWater boils at 100 °C at sea level.", "Water boils at 100 °C at sea level", None),
    "a whole cell": (MEDICINE, "5 mg", "5 mg"),
    "a whole line": (OPTICS, "Refraction", "Refraction"),
    "a whole row": (MEDICINE, "Ibuprofen | 400 mg | no", None),
    "plain letters for mathematical ones": (MATHS, "Let f(x) = x^2 be continuous \U0001f9ee on", "Let \U0001d453(\U0001d465) = \U0001d465\u00b2 be continuous \U0001f9ee on"),
    "composed accents": (MATHS, "on the r\u00e9gion that Poincar\u00e9 studied", "on the re\u0301gion that Poincare\u0301 studied"),
    "no accents": (MATHS, "on the region that Poincare studied", "on the re\u0301gion that Poincare\u0301 studied"),
    "an emoji within": (MATHS, "\U0001f469\u200d\U0001f52c Let \U0001d453(\U0001d465) = \U0001d465\u00b2 be continuous", None),
    "Chinese over a line's end": (CHINESE, "因为光在玻璃中的速度比在空气中慢。沿法线入射时光线不会", "因为光在玻璃中的\n速度比在空气中慢。沿法线入射时光线不会"),
    "Chinese with other punctuation": (CHINESE, "光线进入玻璃时会向法线方向弯曲,因为光在玻璃中的速度", "光线进入玻璃时会向法线方向弯曲，因为光在玻璃中的\n速度"),
    "Japanese": (JAPANESE, "光はガラスに入ると法線の方向に曲がります。", None),
    "a short Chinese sentence": (BRONZE, "它不是最早的铜器，", "它不是最早的铜器"),
    "a Chinese clause": (BRONZE, "后母戊鼎重约833千克", None),
    "a Chinese clause with its comma": (BRONZE, "后母戊鼎重约833千克，", None),
    "two Chinese clauses": (BRONZE, "后母戊鼎重约833千克,出土于安阳", "后母戊鼎重约833千克，出土于安阳"),
    "a Chinese clause after a bullet": (BRONZE, "甲骨文由王懿荣在1899年发现", None),
    "a short Japanese sentence": (MOON, "月は地球の唯一の衛星です。", None),
    "a short Japanese negation": (MOON, "月には空気がありません", None),
    "Thai with a space more": (THAI, "แสงที่เข้าสู่แก้ว จะเบนเข้าหาเส้นปกติ", "แสงที่เข้าสู่แก้วจะเบนเข้าหาเส้นปกติ"),
    "Arabic without vowel points": (ARABIC, "ينكسر الضوء عند دخوله الزجاج مقتربا من العمود", "ينكسر الضوء عند دخوله الزجاج مقتربًا من العمود"),
    "Arabic with a Latin comma": (ARABIC, "مقتربًا من العمود, لأن سرعته في الزجاج أقل", "مقتربًا من العمود، لأن سرعته في الزجاج أقل"),
    "Hindi": (HINDI, "काँच में प्रवेश करने पर प्रकाश अभिलंब की ओर मुड़ता है", None),
    "German without umlauts": (GERMAN, "Das schone Brechungsgesetz gilt nicht für Lichtleiter", "Das schöne Brechungsgesetz gilt nicht für Lichtleiter"),
    "French after an elided article": (FRENCH, "eau bout à 100 °C au niveau de la mer", None),
    "French with a straight apostrophe": (FRENCH, "L'eau bout à 100 °C au niveau de la mer", "L\u2019eau bout à 100 °C au niveau de la mer"),
    "Russian with e for yo": (RUSSIAN, "Еще Снеллиус измерил этот угол", "Ещё Снеллиус измерил этот угол"),
    "Greek without accents": (GREEK, "Το φως που εισερχεται στο γυαλι καμπτεται", "Το φως που εισέρχεται στο γυαλί κάμπτεται"),
    "Turkish": (TURKISH, "Cama giren ışın normale doğru kırılır", None),
    "Korean": (KOREAN, "유리에 들어가는 빛은 법선 쪽으로 꺾인다", None),
}  # fmt: skip

LIES = {
    "another word": (OPTICS, "A ray entering glass bends towards the surface"),
    "the opposite word": (MEDICINE, "mitosis of muscle cells decreases"),
    "a word alike": (MEDICINE, "In this group, meiosis of muscle cells increases"),
    "a prefix alike": (MEDICINE, "Patients with hypotension received 5 mg per day"),
    "a plural": (OPTICS, "A rays entering glass bends towards the normal, because light is slower in glass than in air"),
    "a part of a word": (MEDICINE, "tension received 5 mg per day for 10\u201312 weeks"),
    "half a word at its end": (MEDICINE, "Strong emotions are seldom harm"),
    "half a hyphenated word": (OPTICS, "known law of Snell relates both angles"),
    "125 for 175": (OPTICS, "per 125 nm, so that p < 0.05 in each of 12 trials"),
    "1.5 for 1,5": (OPTICS, "makes the index increase by 1.5 \u00d7 10\u207b\u00b3 per 175 nm"),
    "15 for 1,5": (OPTICS, "makes the index increase by 15 \u00d7 10\u207b\u00b3 per 175 nm"),
    "a number cut short": (OPTICS, "makes the index increase by 1"),
    "a number cut at its point": (OPTICS, "The index of \u201ccrown\u201d glass is n = 1."),
    "a number cut at its beginning": (OPTICS, "5 \u00d7 10\u207b\u00b3 per 175 nm, so that"),
    "a grouped number cut": ("It is 1 000 000 times faster than a snail.", "000 000 times faster than a snail"),
    "another power": (OPTICS, "increase by 1,5 \u00d7 10\u207b\u00b2 per 175 nm"),
    "no power": (OPTICS, "increase by 1,5 \u00d7 10-3 per 175 nm"),
    "a power cut off": (OPTICS, "makes the index increase by 1,5 \u00d7 10"),
    "a sign left out": (OPTICS, "at 5 \u00b0C it is 0.3 % higher"),
    "a sign cut off": (OPTICS, "5 \u00b0C it is 0.3 % higher. The well-known"),
    "a per cent sign cut off": (OPTICS, "at \u22125 \u00b0C it is 0.3"),
    "another unit": (MEDICINE, "Patients with hypertension received 5 g per day"),
    "a unit in other letters": (MEDICINE, "Patients with hypertension received 5 Mg per day"),
    "another gas": ("Everyone knows that CO is more toxic than its neighbours.", "Everyone knows that Co is more toxic than its neighbours"),
    "another symbol": ("The constant g is not the mass M of the earth.", "The constant G is not the mass M of the earth"),
    "other accents": ("Con má khác với con mà trong câu này.", "Con mà khác với con mà trong câu này"),
    "a mixed number undone": ("The rod is 5½ metres long in all of the cases.", "The rod is 51/2 metres long in all of the cases"),
    "a unit cut off": (MEDICINE, "Patients with hypertension received 5"),
    "Fahrenheit": (OPTICS, "glass is n = 1.52 at 20 \u00b0F; at \u22125 \u00b0C"),
    "another comparison": (OPTICS, "so that p > 0.05 in each of 12 trials"),
    "a comparison cut off": (OPTICS, "0.05 in each of 12 trials."),
    "another range": (MEDICINE, "received 5 mg per day for 10\u201313 weeks"),
    "a range cut off": (MEDICINE, "12 weeks. In this group, mitosis of muscle cells"),
    "not left out": (MEDICINE, "Treatment is necessary for healthy adults under 65"),
    "not cut off at a line's end": ("It is surely not\nnecessary to compute the angle.", "necessary to compute the angle"),
    "not cut off": (MEDICINE, "necessary for healthy adults under 65"),
    "not put in": (OPTICS, "A ray entering glass does not bend towards the normal"),
    "never left out": (OPTICS, "Light takes a path that is longer than its neighbours"),
    "never cut off": (MEDICINE, "be given without food and water. The heart"),
    "never put in": (OPTICS, "A ray entering glass never bends towards the normal, because light is slower in glass"),
    "without for with": (MEDICINE, "The drug must never be given with food and water"),
    "two words swapped": (OPTICS, "because glass is slower in light than in air"),
    "two sentences joined by an ellipsis": (OPTICS, "A ray entering glass bends \u2026 when it enters along the normal"),
    "neighbours joined by an ellipsis": (OPTICS, "bends towards the normal ... because light is slower"),
    "two sentences joined without a sign": (OPTICS, "A ray entering glass bends towards the normal. Light never takes a path"),
    "an article for a word at its beginning": (GERMAN, "Das wird beim Eintritt in Glas zum Lot hin gebrochen"),
    "an article before a sentence for a word": (GERMAN, "Das. Das schöne Brechungsgesetz gilt nicht für Lichtleiter unter 3 mm"),
    "an article for another": (FRENCH, "La lumière ne se propage pas plus vite dans la verre que dans l'air"),
    "three articles too many": (OPTICS, "towards the normal, because the light is the slower in the glass than in air. It does not bend at all when it enters along the normal"),
    "an article that is a number": (GERMAN, "Ein Lichtstrahl wird beim Eintritt in ein Glas zum Lot hin gebrochen. Das schöne"),
    "a word in between left out": (OPTICS, "A ray entering bends towards the normal, because light is slower in glass than in air"),
    "a word in between put in": (OPTICS, "A ray entering glass always bends towards the normal, because light is slower in glass"),
    "nothing": (OPTICS, ""),
    "nothing but signs": (OPTICS, "... \u2014 \u201c\u201d ... *** ... --- ..."),
    "too short": (OPTICS, "bends towards"),
    "a part of a cell": (MEDICINE, "400"),
    "a part of a line": (MEDICINE, "healthy adults"),
    "another cell's number": (MEDICINE, "500 mg"),
    "longer than any quote": ("word " * 300, ("word " * 300)[: LONGEST_QUOTE + 4]),
    "an article too many in a short quote": ("In June it is at top of it all.", "June it is at the top of it all"),
    "the derivative without its stroke": (MATHS, "Its derivative f(x) = 2x is positive for every x"),
    "a variable for another": (MATHS, "Its derivative f\u2032(x) = 2y is positive for every x"),
    "a square for a product": (MATHS, "Let \U0001d453(\U0001d465) = \U0001d465 2 be continuous"),
    "greater for greater or equal": (MATHS, "for every x > 0, and f(x) > 0 everywhere"),
    "Chinese without its not": (CHINESE, "沿法线入射时光线会改变方向，也不需要计算折射角的大小"),
    "Chinese with its not cut off": (CHINESE, "需要计算折射角的大小和其他任何一个介质中的角度"),
    "Chinese with one character changed": (CHINESE, "光线进入玻璃时会向法线方向弯折，因为光在玻璃中的速度"),
    "Japanese with its ending cut off": (JAPANESE, "真空中では光の速さは変わりませんので、屈折は起こり"),
    "Japanese without its negation": (JAPANESE, "真空中では光の速さは変わりますので、屈折は起こりません"),
    "a Chinese clause with another number": (BRONZE, "后母戊鼎重约838千克"),
    "a Chinese clause with its end cut off": (BRONZE, "后母戊鼎重约833"),
    "a Chinese clause with its beginning cut off": (BRONZE, "鼎重约833千克，出土于安阳"),
    "a Chinese clause without its not": (BRONZE, "它是最早的铜器。西周灭亡了"),
    "a Chinese clause with its not cut off": (BRONZE, "由罗振玉首先发现。司母戊"),
    "a Chinese clause behind its not": (BRONZE, "重约八百三十三千克，"),
    "what a Chinese text says that others say": (BRONZE, "甲骨文是由外国人发现的。"),
    "a Chinese clause that is too short": (BRONZE, "西周灭亡了。"),
    "Chinese clauses that do not follow each other": (BRONZE, "后母戊鼎重约833千克。西周灭亡了"),
    "a Japanese sentence without its not": (MOON, "月には空気があります"),
    "a Japanese sentence with its not cut off": (MOON, "月には空気があり"),
    "a short stretch of Thai": (THAI, "เพราะแสงเดินทางใน"),
    "Arabic without its not": (ARABIC, "في الهواء. ينكسر الضوء عندما يدخل عموديًا"),
    "Arabic with its not cut off": (ARABIC, "ينكسر الضوء عندما يدخل عموديًا"),
    "Hindi without its not": (HINDI, "निर्वात में प्रकाश की चाल कभी बदलती है"),
    "Hindi with another vowel": (HINDI, "काँच में प्रवेश करने पर प्रकाश अभिलंब का ओर मुड़ता है"),
    "German without its not": (GERMAN, "Das schöne Brechungsgesetz gilt für Lichtleiter unter"),
    "German with its not cut off": (GERMAN, "Das schöne Brechungsgesetz gilt"),
    "French without its ne pas": (FRENCH, "La lumière se propage plus vite dans le verre que dans l'air"),
    "French without its pas": (FRENCH, "La lumière ne se propage plus vite dans le verre que dans l'air"),
    "Russian without its not": (RUSSIAN, "Снеллиус измерил этот угол, но опубликовал результат"),
    "Greek without its not": (GREEK, "Η ταχύτητα αυξάνεται ποτέ μέσα στο γυαλί"),
    "Turkish without its not": (TURKISH, "Boşlukta kırılma yayılma olur"),
    "Turkish with its not cut off": (TURKISH, "daha yavaştır. Boşlukta kırılma"),
    "Korean without its negation": (KOREAN, "진공에서는 빛의 속력이 변하므로 굴절이 일어나지 않는다"),
    "Korean with its negation cut off": (KOREAN, "진공에서는 빛의 속력이 변하지 않으므로 굴절이 일어나지"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "quote", "shown"), HONEST.values(), ids=HONEST)
def test_a_quote_holds_with(text: str, quote: str, shown: str | None):
    span = find_quote(quote, text)

    assert span
    assert text[span.start : span.end] == (shown or _as_in(text, quote))


@pytest.mark.parametrize(("text", "quote"), LIES.values(), ids=LIES)
def test_a_quote_does_not_hold_with(text: str, quote: str):
    assert find_quote(quote, text) is None


@pytest.mark.parametrize("text", [OPTICS, MEDICINE, MATHS, CHINESE, ARABIC, HINDI, THAI, KOREAN])
def test_a_span_cuts_no_character_in_two(text: str):
    wholes = [unit.strip() for unit in re.split(r"[\n.]", text) if len(unit.strip()) >= 20]

    spans = [
        span
        for whole in wholes
        for end in range(20, len(whole))
        if (span := find_quote(whole[:end], text))
    ]

    assert spans
    for start, end in spans:
        assert not unicodedata.combining(text[start])
        assert end == len(text) or unicodedata.category(text[end])[0] != "M"
        assert text[end - 1] != "\u200d"


def test_of_several_places_the_one_to_the_letter_is_shown():
    text = "Light is slower\nin glass than in air. Light is slower in glass than in air."

    span = find_quote("Light is slower in glass than in air", text)

    assert span
    assert span.start == text.rindex("Light")


def test_of_several_equal_places_the_first_is_shown():
    span = find_quote("never takes a path that", "It never takes a path that is long. " * 3)

    assert span
    assert span.start == 3


def test_a_quote_may_stand_in_another_passage_than_it_says():
    passages = [_passage(1, OPTICS), _passage(2, MEDICINE)]

    found = find_citation("The heart pumps 5 litres of blood a minute", 1, passages)

    assert found
    assert found[0].file_id == 2
    assert MEDICINE[found[1].start : found[1].end] == "The heart pumps 5 litres of blood a minute"


@pytest.mark.parametrize("number", [None, 0, -1, 3, 999])
def test_a_number_that_no_passage_has_does_no_harm(number: int | None):
    passages = [_passage(1, OPTICS), _passage(2, MEDICINE)]

    found = find_citation("The heart pumps 5 litres of blood a minute", number, passages)

    assert found
    assert found[0].file_id == 2


def test_the_named_passage_comes_first():
    passages = [_passage(1, OPTICS), _passage(2, OPTICS)]

    found = find_citation("A ray entering glass bends towards the normal", 2, passages)

    assert found
    assert found[0].file_id == 2


def test_a_short_quote_must_stand_where_it_says():
    passages = [_passage(1, OPTICS), _passage(2, MEDICINE)]

    assert find_citation("400 mg", 1, passages) is None
    assert find_citation("400 mg", None, passages) is None
    assert find_citation("400 mg", 2, passages) is not None


def test_a_short_clause_must_stand_where_it_says():
    passages = [_passage(1, OPTICS), _passage(2, BRONZE)]

    assert find_citation("后母戊鼎重约833千克", 1, passages) is None
    assert find_citation("后母戊鼎重约833千克", 2, passages) is not None


@pytest.mark.parametrize("text", [CHINESE, BRONZE, MOON])
def test_what_is_shorter_than_a_quote_begins_and_ends_with_a_clause(text: str):
    stretches = [(a, b) for a in range(len(text)) for b in range(a + 1, min(a + 20, len(text) + 1))]
    held = [found for a, b in stretches if (found := find_quote(text[a:b], text))]

    assert held
    for span in held:
        before, after = text[: span.start].rstrip(), text[span.end - 1 : span.end + 1]
        assert not before or before[-1] in "，；。-"
        assert set(after) & set("，；。：") or span.end == len(text)
        assert span.end - span.start >= 8


@pytest.mark.parametrize(
    "quote",
    [
        "does a ray entering glass bend away from the normal?",  # the question
        "Rays are lines along which energy travels in a medium",  # an earlier response
        "You answer a student's question from passages of the student's own course files",
    ],
)
def test_what_was_sent_but_is_no_passage_is_no_source(quote: str):
    assert find_citation(quote, 1, [_passage(1, OPTICS), _passage(2, MEDICINE)]) is None


@pytest.mark.parametrize("seed", range(40))
def test_honest_changes_of_any_stretch_are_found_at_its_place(seed: int):
    chance = random.Random(seed)
    text, start, end = _stretch(chance)

    span = find_quote(_perturb(chance, text[start:end]), text)

    assert span
    assert _letters(text[span.start : span.end]) == _letters(text[start:end])
    assert abs(span.start - start) <= 3


@pytest.mark.parametrize("seed", range(40))
def test_a_changed_word_or_digit_of_any_stretch_is_never_found(seed: int):
    chance = random.Random(seed)
    text, start, end = _stretch(chance)
    stretch = text[start:end]

    for lie in _lies_about(chance, stretch, text):
        assert find_quote(lie, text) is None, lie


PROSE = [OPTICS, MEDICINE, GERMAN, FRENCH, RUSSIAN, GREEK, TURKISH]


def _stretch(chance: random.Random) -> tuple[str, int, int]:
    """Choose a stretch from word to word that is itself a fair quote."""
    while True:
        text = chance.choice(PROSE)
        words = [word.span() for word in re.finditer(r"(?<!\S)[^\W\d_]{2,}[,.;]?(?!\S)", text)]
        first, last = sorted(chance.sample(range(len(words)), 2))
        start, end = words[first][0], words[last][1]
        if 30 <= end - start <= 200 and find_quote(text[start:end], text) == (start, end):
            return text, start, end


def _perturb(chance: random.Random, stretch: str) -> str:
    honest = [
        lambda text: text.replace(" ", "  \n", chance.randint(1, 3)),
        lambda text: text.replace("\u2019", "'").replace("\u201c", '"'),
        lambda text: text[0].swapcase() + text[1:] if text[1:4].isalpha() else text,  # mg is not Mg
        lambda text: f"\u201c{text}\u2026\u201d",
        lambda text: re.sub(r"([^\W\d_]{3})(?=[a-zа-яα-ω]{3})", "\\1-\n", text, count=1),
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.replace(" ", "\u00a0"),
    ]  # fmt: skip
    for change in chance.sample(honest, 3):
        stretch = change(stretch)
    return stretch


def _lies_about(chance: random.Random, stretch: str, text: str) -> list[str]:
    words = list(re.finditer(r"[^\W\d_]{2,}", stretch))
    word, other = chance.choice(words), chance.choice(re.findall(r"[^\W\d_]{2,}", text))
    lies = (
        [stretch[: word.start()] + other + stretch[word.end() :]]
        if other.lower() != word[0].lower()
        else []
    )
    lies += [
        f"{stretch[: digit.start()]}{(int(digit[0]) + 1) % 10}{stretch[digit.end() :]}"
        for digit in re.finditer(r"\d", stretch)
    ]
    negations = re.finditer(r"\b(?:not|never|without|no|nicht|ne|pas|не|δεν|değil)\b ", stretch)
    lies += [stretch[: found.start()] + stretch[found.end() :] for found in negations]
    return lies


def _as_in(text: str, quote: str) -> str:
    """Return the quote as the text breaks its lines."""
    found = re.search(r"\s+".join(re.escape(word) for word in quote.split()), text)
    assert found, "the table is wrong"
    return found[0]


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in plain if character.isalnum())


def _passage(number: int, text: str) -> Passage:
    return Passage(
        rank=number, file_id=number, filename=f"{number}.pdf", page=1, start=0, text=text, score=1
    )
