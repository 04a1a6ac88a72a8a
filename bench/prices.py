"""List prices in US dollars, each with where it is from: those marked `assumed` are from no page that we could read in 2026."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    dollars: float
    per: float
    unit: str
    source: str

    def of(self, amount: float) -> float:
        """Return what `amount` of the unit costs."""
        return amount * self.dollars / self.per


_OPERATE = "docs/operate.md, November 2026, assumed"
_VERCEL = "vercel.com/docs/functions/usage-and-pricing, region iad1, copy of 2025"
_SUPABASE = "supabase.com/docs/guides/platform/compute-and-disk, copy of 2025"

PROMPT_TOKENS = Price(0.25, 1e6, "prompt tokens", _OPERATE)
COMPLETION_TOKENS = Price(2.00, 1e6, "completion tokens", _OPERATE)
EMBEDDED_TOKENS = Price(0.02, 1e6, "embedded tokens", _OPERATE)
LAMBDA_GIGABYTE_SECONDS = Price(0.0000166667, 1, "GB s", _OPERATE)
LAMBDA_REQUESTS = Price(0.20, 1e6, "requests", _OPERATE)
HTTP_API_REQUESTS = Price(1.00, 1e6, "requests", _OPERATE)
VERCEL_ACTIVE_SECONDS = Price(0.128, 3_600, "s of a processor", _VERCEL)
VERCEL_GIGABYTE_SECONDS = Price(0.0106, 3_600, "GB s", _VERCEL)
VERCEL_REQUESTS = Price(0.60, 1e6, "requests", _VERCEL)
EGRESS_BYTES = Price(0.09, 1e9, "bytes out", "assumed")
DATABASE_BYTES = Price(0.125, 1e9, "bytes in the database for a month", "assumed")
STORED_BYTES = Price(0.021, 1e9, "bytes in storage for a month", "assumed")
# The smallest that never pauses: Supabase Pro with the compute it includes; one seat on Vercel Pro.
SUPABASE_MONTH = Price(25, 1, "month", _OPERATE)
VERCEL_MONTH = Price(20, 1, "month", _OPERATE)
SUPABASE_COMPUTE = {
    "Micro": (Price(10, 1, "month", _SUPABASE), 1),
    "Small": (Price(15, 1, "month", _SUPABASE), 2),
    "Medium": (Price(60, 1, "month", _SUPABASE), 4),
    "Large": (Price(110, 1, "month", _SUPABASE), 8),
    "XL": (Price(210, 1, "month", _SUPABASE), 16),
    "4XL": (Price(960, 1, "month", _SUPABASE), 64),
    "16XL": (Price(3_730, 1, "month", _SUPABASE), 256),
}
# A question of eight passages: prompt and embedded question as bench/cost.py measures them, the answer as it assumes it.
QUESTION_PROMPT_TOKENS, QUESTION_ANSWER_TOKENS, QUESTION_EMBEDDED_TOKENS = 2_120, 300, 15


def model_dollars(prompt_tokens: float = QUESTION_PROMPT_TOKENS) -> float:
    """Return what the model takes for one question."""
    answer = COMPLETION_TOKENS.of(QUESTION_ANSWER_TOKENS)
    return PROMPT_TOKENS.of(prompt_tokens) + answer + EMBEDDED_TOKENS.of(QUESTION_EMBEDDED_TOKENS)
