"""Which questions lean on the one before them, in many languages."""

import pytest

from lib.domain.followups import is_follow_up

FIRST = "Why does light bend when it enters glass?"

LEANING = [
    "And why?",
    "Why?",
    "What about the second one?",
    "How does it work?",
    "What is its unit?",
    "What are the consequences of this?",
    "Can you give an example?",
    "Und warum?",
    "Was ist damit gemeint?",
    "Was ist das?",
    "Et pourquoi ?",
    "Qu'est-ce que cela signifie ?",
    "¿Y por qué?",
    "E depois?",
    "A co to jest?",
    "Почему это важно?",
    "那为什么呢？",  # noqa: RUF001 - Chinese
    "它的作用是什么？",  # noqa: RUF001 - Chinese
    "それはなぜですか",
    "그것은 왜 중요한가?",
    "وماذا عنه؟",
    "وكم عددها في الجسم؟",
    "فلماذا لا يحدث في الليل؟",
    "और क्यों?",
    "इसमें कितना समय लगता है?",
    "उनकी खोज किसने की?",
    "แล้วปอดข้างขวามีกี่กลีบ",
    "และปอดข้างขวามีกี่กลีบ",
    "ของหัวใจล่ะ",
    "หน้าที่ของมันคืออะไร",
    "ปรากฏการณ์นี้เกิดขึ้นได้อย่างไร",
]

STANDING_ALONE = [
    FIRST,
    "What is the force that moves the planets?",
    "What is photosynthesis?",
    "How many chromosomes does a human cell have?",
    "And what is the boiling point of water at the top of Mount Everest in winter?",
    "Was ist die Photosynthese?",
    "Wie hoch ist der Brechungsindex von Kronglas?",
    "Qu'est-ce que la photosynthèse ?",
    "¿Qué es la fotosíntesis?",
    "Che cos'è la fotosintesi?",
    "Wat is de wet van Snellius?",
    "Hva er fotosyntese?",
    "Что такое фотосинтез?",
    "光合作用发生在哪里？",  # noqa: RUF001 - Chinese
    "光はガラスに入るとどう曲がりますか",
    "ما هو التمثيل الضوئي؟",
    "प्रकाश संश्लेषण क्या है?",
    "ตับคืออะไร",
    "ทำไมท้องฟ้าจึงเป็นสีฟ้า",
    "ไขมันถูกย่อยที่อวัยวะใด",
    "ทุกวันนี้โลกมีประชากรกี่คน",
]


@pytest.mark.parametrize("question", LEANING)
def test_a_question_that_points_back_follows_up(question: str):
    assert is_follow_up(question)


@pytest.mark.parametrize("question", STANDING_ALONE)
def test_a_question_that_says_what_it_is_about_does_not(question: str):
    assert not is_follow_up(question)
