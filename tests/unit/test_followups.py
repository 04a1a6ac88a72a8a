"""What is searched for when a question leans on the one before it."""

import pytest

from lib.domain.followups import retrieval_text

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
    "और क्यों?",
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
]


@pytest.mark.parametrize("question", LEANING)
def test_a_question_that_leans_is_searched_with_the_last_one(question: str):
    assert retrieval_text(question, [(FIRST, "It is slower there [1].")]) == f"{FIRST}\n{question}"


@pytest.mark.parametrize("question", STANDING_ALONE)
def test_a_question_that_stands_alone_is_searched_alone(question: str):
    assert retrieval_text(question, [(FIRST, "It is slower there [1].")]) == question


@pytest.mark.parametrize("question", LEANING)
def test_the_first_question_of_a_chat_is_searched_alone(question: str):
    assert retrieval_text(question, []) == question


def test_a_chain_of_questions_leads_back_to_the_one_that_stands_alone():
    turns = [("What is osmosis?", "…"), (FIRST, "…"), ("And why?", "…")]

    assert retrieval_text("And where?", turns) == f"{FIRST}\nAnd why?\nAnd where?"


def test_a_chain_is_followed_for_three_questions_at_most():
    turns = [(FIRST, "…"), *[("And why?", "…")] * 5]

    assert retrieval_text("And where?", turns) == "And why?\nAnd why?\nAnd why?\nAnd where?"


def test_an_earlier_question_is_cut():
    assert len(retrieval_text("Why?", [("long " * 1_000, "…")])) < 600
