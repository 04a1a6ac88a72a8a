"""What Lectern costs as it grows, in US dollars, from counts: `python -m bench.dollars`.

bench/cost.py prints the same of what it has just counted. The prices: bench/prices.py. Assumed: a student has 10 files of 30
pages, asks 60 questions a month, and makes four requests for each: to sign in or refresh, to list files and chats, to ask. Of the
other three only the requests are counted. Each file leaves the storage once in a month of use. Nobody comes in a month at rest.
What a function of Vercel's sends to others costs nothing: no page that we read has a price for it. Left out are AWS's free tier,
CloudFront's requests, of which 10 million a month are free, and the page itself, which a browser keeps.
"""

from dataclasses import dataclass

from bench import prices
from bench.figures import Figure, report
from bench.houses import VERCEL_SHARING
from bench.pictures import Axes, draw
from bench.prices import Price
from bench.question import (
    ANSWER_SECONDS,
    PAGE,
    QUESTION,
    TOKEN_SECONDS_ALONE,
    PageCounts,
    QuestionCounts,
    own_seconds,
)

_QUESTIONS_A_MONTH, _REQUESTS_PER_QUESTION = 60, 4
_FILES, _PAGES_A_FILE, _FILE_BYTES = 10, 30, 2e6
_LAMBDA_GIGABYTES, _VERCEL_GIGABYTES = 1.0, 2.0
# A job every five minutes (docs/deploy-aws.md).
_JOB_GIGABYTE_SECONDS = 7_800


@dataclass(frozen=True, kw_only=True)
class Size:
    """So many students of each deployment; without a compute of Supabase's they are on the free plans."""

    students: int
    compute: str | None
    deployments: int = 1

    @property
    def name(self) -> str:
        plans = f"Supabase Pro with {self.compute}" if self.compute else "free plans"
        if self.deployments == 1:
            return f"{self.students:,} students, {plans}"
        everybody = self.students * self.deployments
        return f"{everybody:,} students in {self.deployments} deployments, each {plans}"


# Those of docs/scale.md, with the compute that it turns to.
SIZES = (
    Size(students=30, compute=None),
    Size(students=30, compute="Micro"),
    Size(students=3_000, compute="Medium"),
    Size(students=30_000, compute="XL"),
    Size(students=30_000, compute="XL", deployments=100),
)


def _beyond(price: Price, amount: float, included: float) -> float:
    return price.of(max(0.0, amount - included))


@dataclass(frozen=True)
class Question:
    """What one question costs, with an answer of the length that is assumed."""

    counts: QuestionCounts

    @classmethod
    def of(cls, counts: QuestionCounts) -> "Question":
        """Lengthen the answer that was counted to the one that is assumed."""
        return cls(counts.answered_with(prices.QUESTION_ANSWER_TOKENS))

    def model(self) -> float:
        return prices.model_dollars(self.counts.prompt_tokens)

    def aws(self) -> float:
        counts = self.counts
        out = counts.to_browser + counts.to_model + counts.to_database
        return (
            prices.LAMBDA_GIGABYTE_SECONDS.of(ANSWER_SECONDS * _LAMBDA_GIGABYTES)
            + prices.LAMBDA_REQUESTS.of(_REQUESTS_PER_QUESTION)
            + prices.HTTP_API_REQUESTS.of(_REQUESTS_PER_QUESTION)
            + prices.AWS_EGRESS_BYTES.of(out)
        )

    def vercel_functions(self) -> float:
        """Return what Vercel takes for the function and for what passes between it and the edge."""
        memory = ANSWER_SECONDS * _VERCEL_GIGABYTES / VERCEL_SHARING
        return (
            # The few that share an instance seldom have a word at the same moment.
            prices.VERCEL_ACTIVE_SECONDS.of(own_seconds(token_seconds=TOKEN_SECONDS_ALONE))
            + prices.VERCEL_GIGABYTE_SECONDS.of(memory)
            + prices.VERCEL_REQUESTS.of(_REQUESTS_PER_QUESTION)
            + prices.VERCEL_ORIGIN_BYTES.of(self.passing())
        )

    def vercel(self) -> float:
        """Return what Vercel takes beyond what a plan includes."""
        return (
            self.vercel_functions()
            + prices.VERCEL_EDGE_REQUESTS.of(_REQUESTS_PER_QUESTION)
            + prices.VERCEL_EDGE_BYTES.of(self.passing())
        )

    def passing(self) -> float:
        """Return the bytes between browser and function, in both directions."""
        return self.counts.from_browser + self.counts.to_browser


@dataclass(frozen=True)
class Deployment:
    """The bills of one deployment's month: with so many questions, or with none where nobody comes."""

    size: Size
    page: PageCounts
    question: Question
    is_used: bool

    @property
    def _questions(self) -> float:
        return self.size.students * _QUESTIONS_A_MONTH * self.is_used

    def model(self) -> float:
        return self.question.model() * self._questions

    def supabase(self) -> float:
        if self.size.compute is None:
            return 0.0
        compute, _ = prices.SUPABASE_COMPUTE[self.size.compute]
        files = self.size.students * _FILES
        stored = files * _FILE_BYTES
        out = self.question.counts.from_database * self._questions + stored * self.is_used
        return (
            prices.SUPABASE_MONTH.dollars
            + max(0.0, compute.dollars - prices.SUPABASE_CREDIT)
            + _beyond(
                prices.DATABASE_BYTES,
                files * _PAGES_A_FILE * self.page.database_bytes,
                prices.SUPABASE_DATABASE_BYTES,
            )
            + _beyond(prices.STORED_BYTES, stored, prices.SUPABASE_STORED_BYTES)
            + _beyond(prices.SUPABASE_EGRESS_BYTES, out, prices.SUPABASE_EGRESS)
        )

    def aws(self) -> float:
        jobs = prices.LAMBDA_GIGABYTE_SECONDS.of(_JOB_GIGABYTE_SECONDS)
        return jobs + self.question.aws() * self._questions

    def vercel(self) -> float:
        if self.size.compute is None:
            return 0.0
        used = (
            self.question.vercel_functions() * self._questions
            + _beyond(
                prices.VERCEL_EDGE_REQUESTS,
                self._questions * _REQUESTS_PER_QUESTION,
                prices.VERCEL_REQUESTS_AT_EDGE,
            )
            + _beyond(
                prices.VERCEL_EDGE_BYTES,
                self._questions * self.question.passing(),
                prices.VERCEL_BYTES_AT_EDGE,
            )
        )
        return prices.VERCEL_MONTH.dollars + max(0.0, used - prices.VERCEL_CREDIT)


def of_questions(question: Question, page: PageCounts) -> list[Figure]:
    """Return what a thousand questions take, beyond what a plan includes, and what a student's files take once."""
    model, aws, vercel = question.model(), question.aws(), question.vercel()
    read = prices.EMBEDDED_TOKENS.of(page.embedded_tokens * _FILES * _PAGES_A_FILE)
    return [
        Figure("1,000 questions: the model", model * 1e3, "$"),
        Figure("1,000 questions: AWS", aws * 1e3, "$"),
        Figure("1,000 questions: Vercel", vercel * 1e3, "$"),
        Figure("1,000 questions: AWS with the model", (aws + model) * 1e3, "$"),
        Figure("1,000 questions: Vercel with the model", (vercel + model) * 1e3, "$"),
        Figure("a student's files, read once", read, "$"),
    ]


def of_size(size: Size, question: Question, page: PageCounts) -> list[Figure]:
    """Return the bills of a month at rest and in use, on both platforms, for all and for a student."""
    figures: list[Figure] = []
    for state, is_used in (("at rest", False), ("in use", True)):
        bills = Deployment(size, page, question, is_used)
        shared = bills.supabase() + bills.model()
        for platform, own in (("AWS", bills.aws()), ("Vercel", bills.vercel())):
            each = (shared + own) / size.students
            everybody = each * size.students * size.deployments
            figures += [
                Figure(f"{state}, {platform}", everybody, "$"),
                Figure(f"{state}, {platform}: a student", each, "$"),
            ]
    used = Deployment(size, page, question, is_used=True)
    return [*figures, Figure("of it the model", used.model() * size.deployments, "$")]


def draw_growth(counts: QuestionCounts, page: PageCounts) -> None:
    """Draw what a student costs in a month of use, one deployment and what Supabase takes to it."""
    question = Question.of(counts)
    lines: dict[str, list[tuple[float, float]]] = {"AWS": [], "Vercel": [], "of it the model": []}
    for size in SIZES:
        if size.compute is None or size.deployments > 1:
            continue
        bills = Deployment(size, page, question, is_used=True)
        shared = bills.supabase() + bills.model()
        of_all = {"AWS": shared + bills.aws(), "Vercel": shared + bills.vercel()}
        for name, dollars in (of_all | {"of it the model": bills.model()}).items():
            lines[name].append((size.students, dollars / size.students))
    logarithmic = {"is_x_logarithmic": True, "is_y_logarithmic": True}
    axes = Axes(x="students of one deployment", y="$ a student and month", **logarithmic)
    draw("cost", "What a student costs who asks 60 questions a month", axes, lines)


def report_all(counts: QuestionCounts, page: PageCounts) -> None:
    """Print the tables of a thousand questions, and of a month of each size."""
    question = Question.of(counts)
    report(
        "Dollars for questions, with the assumptions of bench/dollars.py",
        of_questions(question, page),
    )
    for size in SIZES:
        report(f"Dollars of a month: {size.name}", of_size(size, question, page))


if __name__ == "__main__":
    report_all(QUESTION, PAGE)
