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
        card: Of the model version.
        signer: Public key of who signed it.
    """
    figures = card.metrics
    accuracy = (
        f"Range at {card.interval.level:.0%} that held {figures['coverage']} % of "
        f"{figures['n']:,} later sales; median error {figures['mdape']} %, bias "
        f"{figures['median_bias']} %; by period, price and category above. Realised "
        "sales are watched once they are reported as outcomes."
    )
    signed = (
        f"Every file of this version is signed by {signer}; inputs are validated, and "
        "flagged where they are unlike all sales."
    )
    blind = (
        "The test is blind: each sale is priced by a model of the sales before its "
        "period. Columns that know the price are no inputs"
        f"{_named(card, 'leakage')}. Data: {card.data['source']}"
    )
    tested = (
        f"{figures['n']:,} sales of a later period were tested; `kerbside model "
        "review-sample` draws predictions at random for a person to review."
    )
    even = (
        "Error, bias and coverage by price and by each category, above. What tells of "
        f"people is no input{_named(card, 'personal')}."
    )
    return [
        (
            "(a) high confidence in the estimates",
            accuracy,
            "A threshold of your own, and what is done below it.",
        ),
        (
            "(b) protection against the manipulation of data",
            signed,
            "Who may submit which inputs, and where these come from.",
        ),
        (
            "(c) avoidance of conflicts of interest",
            blind,
            "Who trained it, and what they gain by it.",
        ),
        (
            "(d) random sample testing and reviews",
            tested,
            "The reviews themselves, and who makes them.",
        ),
        (
            "(e) compliance with nondiscrimination laws",
            even,
            "Whether districts stand in for people: no census data is here.",
        ),
    ]


def _named(card: ModelCard, reason: str) -> str:
    left_out: dict[str, str] = card.data.get("left_out", {})
    names = [name for name, why in left_out.items() if reason in why]
    return f"; left out: {', '.join(names)}" if names else ""
