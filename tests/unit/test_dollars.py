"""What bench/dollars.py makes of counts, and that docs/scale.md says the same."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench import prices
from bench.dollars import SIZES, Deployment, Question, Size, of_size
from bench.question import ANSWER_SECONDS, PAGE, QUESTION, TOKEN_SECONDS_ALONE, own_seconds

SCALE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text()
ASKED = Question.of(QUESTION)
LARGE = Size(students=30_000, compute="XL")


def month(size: Size, *, is_used: bool = True) -> Deployment:
    return Deployment(size, PAGE, ASKED, is_used)


def test_an_answer_of_more_tokens_has_more_bytes_to_the_browser_and_to_the_database():
    longer = QUESTION.answered_with(QUESTION.completion_tokens + 100)

    assert longer.to_browser == QUESTION.to_browser + 100 * QUESTION.of_word + 400
    assert longer.to_database == QUESTION.to_database + 400
    assert longer.to_model == QUESTION.to_model


def test_the_processor_works_for_each_token_of_the_answer():
    assert own_seconds(300) - own_seconds(200) == pytest.approx(own_seconds(200) - own_seconds(100))
    assert own_seconds(54) < own_seconds(300) / 3


def test_aws_takes_what_goes_out_to_the_database_as_well():
    dearer = Question(replace(ASKED.counts, to_database=ASKED.counts.to_database + 1e9))

    assert dearer.aws() - ASKED.aws() == pytest.approx(prices.AWS_EGRESS_BYTES.dollars)


def test_what_pro_includes_is_not_paid_again_and_what_is_beyond_it_is():
    at_rest = month(LARGE, is_used=False)

    # 90 GB in the database, of which 8 are included; 600 of files, of which 100 are.
    assert at_rest.supabase() == pytest.approx(25 + 210 - 10 + 82 * 0.125 + 500 * 0.021)
    assert month(replace(LARGE, students=30, compute="Micro"), is_used=False).supabase() == 25


def test_each_file_leaves_the_storage_once_in_a_month_of_use():
    used, at_rest = month(LARGE), month(LARGE, is_used=False)
    answers = 30_000 * 60 * QUESTION.from_database / 1e9

    assert used.supabase() - at_rest.supabase() == pytest.approx((600 + answers - 250) * 0.09)


def test_vercel_takes_what_was_used_beyond_the_credit_of_its_plan():
    few, many = month(Size(students=30, compute="Micro")), month(LARGE)

    assert few.vercel() == 20
    assert many.vercel() == pytest.approx(ASKED.vercel_functions() * 30_000 * 60)
    assert many.vercel() > 20


def test_the_free_plans_hold_what_thirty_students_take():
    questions = 30 * 60

    # Supabase Free, and Vercel's Hobby (docs/scale.md).
    assert 300 * 30 * PAGE.database_bytes < 500e6
    assert 300 * 2e6 < 1e9
    assert 300 * 2e6 + questions * QUESTION.from_database < 5e9
    assert questions * own_seconds(token_seconds=TOKEN_SECONDS_ALONE) < 4 * 3_600
    assert questions * ANSWER_SECONDS * 2 < 360 * 3_600
    assert questions * 4 < 1e6


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_the_document_says_what_is_computed(size: Size):
    figures = {figure.name: figure.value for figure in of_size(size, ASKED, PAGE)}
    [row] = re.findall(rf"^\| {size.name} \| (.*) \|$", SCALE, re.MULTILINE)

    told = [float(number.replace(",", "")) for number in re.findall(r"[\d.,]*\d", row)]

    names = [
        f"{state}, {platform}{each}"
        for state in ("at rest", "in use")
        for each in ("", ": a student")
        for platform in ("AWS", "Vercel")
    ]
    expected = [*(figures[name] for name in names), figures["of it the model"]]
    assert told == pytest.approx(expected, rel=0.02)
