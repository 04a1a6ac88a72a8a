"""One detector for files and for questions, and what follows from a language."""

# ruff: noqa: RUF001 - many scripts are the point

import pytest

from lib.domain.language_table import LANGUAGES
from lib.domain.languages import detect_language, not_found_sentence, regconfig, segment

QUESTIONS = {
    "en": ["What is the Calvin cycle?", "How does light bend in glass", "Define entropy"],
    "de": ["Was ist der Calvin-Zyklus?", "Wie funktioniert ein Transistor", "Erkläre Entropie"],
    "fr": ["Qu’est-ce que la photosynthèse ?", "Pourquoi le ciel est bleu", "Explique l’entropie"],
    "es": ["¿Qué es la fotosíntesis?", "Como funciona un transistor", "que es la entropia"],
    "it": ["Che cos'è la fotosintesi?", "Come funziona un transistor", "Perché il cielo è blu?"],
    "pt": ["O que é a fotossíntese?", "Como funciona um transístor", "Quais são as fases?"],
    "nl": ["Wat is fotosynthese?", "Hoe werkt een transistor", "Waarom is de lucht blauw?"],
    "sv": ["Vad är fotosyntes?", "Hur fungerar en transistor", "Varför är himlen blå?"],
    "da": ["Hvad er fotosyntese?", "Hvordan virker en transistor", "Hvilke faser består den af?"],
    "no": ["Hva er fotosyntese?", "Hva brukes en transistor til", "Hvilke faser består den av?"],
    "fi": ["Mitä fotosynteesi on?", "Miten transistori toimii", "Miksi taivas on sininen?"],
    "tr": ["Fotosentez nedir?", "Transistör nasıl çalışır", "Gökyüzü neden mavidir?"],
    "ro": ["Ce este fotosinteza?", "Cum funcționează un tranzistor", "De ce este cerul albastru?"],
    "pl": ["Co to jest fotosynteza?", "Jak działa tranzystor", "Jakie są fazy mitozy?"],
    "cs": ["Co je fotosyntéza?", "Proč je nebe modré?", "Jaké jsou fáze mitózy?"],
    "hu": ["Mi a fotoszintézis?", "Hogyan működik a tranzisztor", "Miért kék az ég?"],
    "id": ["Apa itu fotosintesis?", "Bagaimana transistor bekerja", "Mengapa langit biru?"],
    "vi": ["Quang hợp là gì?", "Bóng bán dẫn hoạt động như thế nào", "Tại sao bầu trời màu xanh?"],
    "ru": ["Что такое фотосинтез?", "Как работает транзистор", "Почему небо голубое?"],
    "uk": ["Що таке фотосинтез?", "Чому небо блакитне?", "Які фази мітозу?"],
    "bg": ["Какво е фотосинтеза?", "Защо небето е синьо?"],
    "ar": ["ما هو التمثيل الضوئي؟", "كيف يعمل الترانزستور", "لماذا السماء زرقاء؟"],
    "fa": ["فتوسنتز چیست؟", "ترانزیستور چگونه کار می‌کند", "چرا آسمان آبی است؟"],
    "ur": ["ضیائی تالیف کیا ہے؟", "ٹرانزسٹر کیسے کام کرتا ہے"],
    "el": ["Τι είναι η φωτοσύνθεση;"],
    "he": ["מהי פוטוסינתזה?"],
    "hi": ["प्रकाश संश्लेषण क्या है?"],
    "th": ["การสังเคราะห์ด้วยแสงคืออะไร"],
    "ko": ["광합성이란 무엇인가요?", "Python에서 list란?"],
    "ja": ["光合成とは何ですか？", "光合成の過程を説明せよ"],
    "zh": ["什么是光合作用？", "Python 的 list 是什么"],
}


@pytest.mark.parametrize(
    ("language", "question"),
    [(language, question) for language, some in QUESTIONS.items() for question in some],
)
def test_the_language_of_a_short_question_is_found(language: str, question: str):
    assert detect_language(question) == language


@pytest.mark.parametrize(
    "text", ["", "2 + 2", "E = mc²", "Photosynthesis", "if x < 3 && y > 4", "\n"]
)
def test_where_nothing_tells_there_is_no_language(text: str):
    assert detect_language(text) is None


def test_greek_letters_in_formulas_do_not_make_a_text_greek():
    assert detect_language("The angle α is larger than β and γ, and π is the sum of them") == "en"


def test_every_question_has_a_language_with_a_sentence_of_its_own():
    assert {language.code for language in LANGUAGES} == set(QUESTIONS)
    assert len({not_found_sentence(language) for language in QUESTIONS}) == len(QUESTIONS)
    assert not_found_sentence(None) == "I could not find this in your files."
    assert not_found_sentence("xx") == not_found_sentence("en")


@pytest.mark.parametrize("language", [code for code in QUESTIONS if code not in {"fa", "ur"}])
def test_the_sentence_of_a_language_is_in_that_language(language: str):
    assert detect_language(not_found_sentence(language)) == language


@pytest.mark.parametrize(
    ("language", "configuration"),
    [("de", "german"), ("zh", "simple"), ("pl", "simple"), (None, "simple"), ("xx", "simple")],
)
def test_the_text_search_configuration_is_one_that_postgres_has(
    language: str | None, configuration: str
):
    assert regconfig(language) == configuration


@pytest.mark.parametrize(
    ("text", "segmented"),
    [
        ("光合作用", "光合 合作 作用"),
        ("光", "光"),
        ("Python 的列表 list", "Python 的列 列表 list"),
        ("แสงคือ", "แส สง งค คื ือ"),
        ("ガラス、水", "ガラ ラス 、 水"),
        ("plain 𝑓(𝑥) text", "plain 𝑓(𝑥) text"),
        ("광합성 과정", "광합성 과정"),
    ],
)
def test_what_is_written_without_spaces_is_cut_into_bigrams(text: str, segmented: str):
    assert segment(text).split() == segmented.split()
