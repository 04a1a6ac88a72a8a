"""What a question costs, and what the daily limits allow."""

from dataclasses import dataclass
from typing import Any

from bench import prices
from dev.doctor.findings import Finding, ok, wrong
from lib.services.questions import reserved_tokens
from lib.settings import Settings

_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Prices:
    """US dollars for a million tokens: an assumption, to be checked against the provider's page."""

    prompt: float = prices.PROMPT_TOKENS.of(_MILLION)
    completion: float = prices.COMPLETION_TOKENS.of(_MILLION)


def check(settings: Settings, report: dict[str, Any] | None, each: Prices) -> list[Finding]:
    """Say what a question costs and what the limits allow, by what was measured or else by assumption."""
    usage = (report or {}).get("usage", {})
    prompt, completion = usage.get("mean_prompt_tokens"), usage.get("mean_completion_tokens")
    source = "the mean of the last answers"
    if not prompt:
        prompt, completion = prices.QUESTION_PROMPT_TOKENS, prices.QUESTION_ANSWER_TOKENS
        source = "docs/scale.md, until there are answers"
    dollars = (prompt * each.prompt + completion * each.completion) / _MILLION
    dollars += prices.EMBEDDED_TOKENS.of(prices.QUESTION_EMBEDDED_TOKENS)
    assumed = f"at ${each.prompt:g} and ${each.completion:g} a million tokens, as assumed"
    told = f"${dollars * 1000:.2f} for 1,000 questions of {prompt:,.0f} + {completion:.0f} tokens"
    findings = [ok("costs", f"{told} ({source}), {assumed}")]
    if too_low := _too_low(settings, prompt + completion):
        return findings + too_low
    most = settings.daily_tokens // (prompt + completion)
    dearest = settings.daily_tokens * max(each.prompt, each.completion) / _MILLION
    told = (
        f"{settings.daily_queries_per_user} questions a user and {settings.daily_tokens:,} tokens "
        f"in all a day: {most:,.0f} questions, ${most * dollars:.2f}; never more than ${dearest:.2f}"
    )
    return [*findings, ok("limits", told)]


def _too_low(settings: Settings, tokens: float) -> list[Finding]:
    """Name each day's limit that not even one question fits into."""
    reserved = reserved_tokens(settings)
    return [
        wrong(
            name,
            f"{limit:,} a day are less than one question: it reserves {reserved:,} tokens and takes "
            f"about {tokens:,.0f}, so nobody gets an answer.",
            f"set it to {reserved:,} for each question that is to be asked at once, or leave it out.",
        )
        for name in ("DAILY_TOKENS", "DAILY_TOKENS_PER_USER")
        if (limit := getattr(settings, name.lower())) < max(reserved, tokens)
    ]
