"""The five factors of the US rule on automated valuation models, and their evidence.

Quality Control Standards for Automated Valuation Models, 89 FR 64538, effective
1 October 2025. It names factors and sets no thresholds.
"""

from collections.abc import Sequence

from model_store.card import ModelCard

MEANING = (
    "89 FR 64538 asks those who use automated valuations for mortgages to have "
    "policies for five factors. It sets no threshold, and no page can say that it is "
    "met: this one names what Kerbside keeps for each, and what is left to its user."
)


def rows(card: ModelCard, signer: str) -> Sequence[Sequence[str]]:
    """Return for each factor what is there and what is missing.

    Args:
        card: Of the model version; what it has not got is claimed by no factor.
        signer: Public key of who signed it.
    """
    groups = _groups(card)
    by = [name for name, is_there in groups.items() if is_there]
    without = [name for name, is_there in groups.items() if not is_there]
    signed = (
        f"Every file of this version is signed by {signer}; inputs are validated, and "
        "flagged where they are unlike all sales."
    )
    blind = (
        "The test is blind: each sale is priced by a model of the sales before its "
        f"period. {_left_out(card, 'leakage', 'they seem to know the price')}"
        f"Source of the data: {card.data['source']}"
    )
    tested = (
        f"{card.metrics['n']:,} sales of a later period were tested; `kerbside model "
        "review-sample` draws archived predictions at random for a person to review."
    )
    lacking = f"{_lacking(without)}{_kept(card)}"
    return [
        (
            "(a) high confidence in the estimates",
            _accuracy(card, by),
            f"{_lacking(without)}A threshold of your own, and what is done below it.",
        ),
        (
            "(b) protection against the manipulation of data",
            signed,
            "Who may submit which inputs, and where these come from.",
        ),
        (
            "(c) avoidance of conflicts of interest",
            blind,
            f"{_kept(card)}Who trained it, and what they gain by it.",
        ),
        (
            "(d) random sample testing and reviews",
            tested,
            "The reviews themselves, and who makes them.",
        ),
        (
            "(e) compliance with nondiscrimination laws",
            _evenness(card, by),
            f"{lacking}Whether districts stand in for people: no census data is here.",
        ),
    ]


def _accuracy(card: ModelCard, by: Sequence[str]) -> str:
    figures = card.metrics
    return (
        f"Range at {card.interval.level:.0%} that held {figures['coverage']} % of "
        f"{figures['n']:,} later sales; median error {figures['mdape']} %, bias "
        f"{figures['median_bias']} %{_above(by)}. Realised sales are watched once they "
        "are reported as outcomes."
    )


def _evenness(card: ModelCard, by: Sequence[str]) -> str:
    personal = _left_out(card, "personal", "they tell of people")
    return f"{_told_of(by)}{personal}All inputs are listed above."


def _groups(card: ModelCard) -> dict[str, bool]:
    """Return by what sales may be grouped, and whether the card has figures of it."""
    metrics = card.metrics
    return {
        "period": bool(metrics.get("periods")),
        "price": bool(metrics.get("quintiles")),
        "category": any(metrics.get("categories", {}).values()),
    }


def _above(by: Sequence[str]) -> str:
    return f"; by {', '.join(by)} above" if by else ""


def _told_of(by: Sequence[str]) -> str:
    groups = [one for one in by if one != "period"]
    return f"Error, bias and coverage by {', '.join(groups)}, above. " if groups else ""


def _lacking(groups: Sequence[str]) -> str:
    return f"Figures by {', '.join(groups)}. " if groups else ""


def _left_out(card: ModelCard, reason: str, told: str) -> str:
    left_out: dict[str, str] = card.data.get("left_out", {})
    names = [name for name, why in left_out.items() if reason in why]
    return f"Left out since {told}: {', '.join(names)}. " if names else ""


def _kept(card: ModelCard) -> str:
    """Return what a person wanted among the inputs though it was suspected."""
    names = list(card.data.get("kept", {}))
    return f"Why these are inputs, kept by hand: {', '.join(names)}. " if names else ""
