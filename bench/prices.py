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
_VERCEL_TRAFFIC = "vercel.com/blog/improved-infrastructure-pricing, April 2024"
_VERCEL_PLAN = "makerkit.dev/blog/saas/vercel-cost, of May 2026, not Vercel's own page"
_AWS_TRAFFIC = "egresscost.com/aws, read November 2026, not AWS's own page"
_SUPABASE = "supabase.com/docs/guides/platform/compute-and-disk, copy of 2025"
_SUPABASE_PLAN = "supabase.com/docs/guides/platform/org-based-billing, read November 2026"

PROMPT_TOKENS = Price(0.25, 1e6, "prompt tokens", _OPERATE)
COMPLETION_TOKENS = Price(2.00, 1e6, "completion tokens", _OPERATE)
EMBEDDED_TOKENS = Price(0.02, 1e6, "embedded tokens", _OPERATE)
LAMBDA_GIGABYTE_SECONDS = Price(0.0000166667, 1, "GB s", _OPERATE)
LAMBDA_REQUESTS = Price(0.20, 1e6, "requests", _OPERATE)
HTTP_API_REQUESTS = Price(1.00, 1e6, "requests", _OPERATE)
VERCEL_ACTIVE_SECONDS = Price(0.128, 3_600, "s of a processor", _VERCEL)
VERCEL_GIGABYTE_SECONDS = Price(0.0106, 3_600, "GB s", _VERCEL)
VERCEL_REQUESTS = Price(0.60, 1e6, "requests", _VERCEL)
# What passes between its edge and browsers is Fast Data Transfer, between its edge and functions Fast Origin Transfer.
VERCEL_EDGE_REQUESTS = Price(2.00, 1e6, "requests", _VERCEL_TRAFFIC)
VERCEL_EDGE_BYTES = Price(0.15, 1e9, "bytes from and to browsers", _VERCEL_TRAFFIC)
VERCEL_ORIGIN_BYTES = Price(0.06, 1e9, "bytes to and from functions", _VERCEL_TRAFFIC)
AWS_EGRESS_BYTES = Price(0.09, 1e9, "bytes out", _AWS_TRAFFIC)
DATABASE_BYTES = Price(0.125, 1e9, "bytes in the database for a month", _SUPABASE_PLAN)
STORED_BYTES = Price(0.021, 1e9, "bytes in storage for a month", _SUPABASE_PLAN)
SUPABASE_EGRESS_BYTES = Price(0.09, 1e9, "bytes out", _SUPABASE_PLAN)
# The smallest that never pauses: Supabase Pro, and one seat on Vercel Pro.
SUPABASE_MONTH = Price(25, 1, "month", _OPERATE)
VERCEL_MONTH = Price(20, 1, "month", _OPERATE)
# What they include of the above, and what Pro gives towards the compute (_SUPABASE_PLAN) and towards all else (_VERCEL_PLAN).
SUPABASE_DATABASE_BYTES, SUPABASE_STORED_BYTES, SUPABASE_EGRESS = 8e9, 100e9, 250e9
VERCEL_REQUESTS_AT_EDGE, VERCEL_BYTES_AT_EDGE = 10e6, 1e12
SUPABASE_CREDIT, VERCEL_CREDIT = 10, 20
# Supabase's compute, with its gigabytes of memory.
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
