"""What answers about models look like."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from api.schemas.body import Body


class ModelSummary(Body):
    """A model version in a list."""

    name: str
    version: str
    digest: str
    trained_at: datetime
    as_of: date
    currency: str
    metrics: dict[str, Any]
    aliases: list[str]


class ModelList(Body):
    """All model versions, newest data first."""

    results: list[ModelSummary]
    refused: list[str] = Field(
        description="Versions whose card is damaged or not trusted."
    )
    next: str | None
    previous: str | None


class Refusal(Body):
    """Why workers do not load a model version, and how often they tried."""

    reason: str
    since: datetime
    last: datetime
    count: int


class ReportBlock(Body):
    """What stands under a heading: a `text`, a table (`head`, `rows`) or a picture."""

    text: str | None = None
    head: list[str] | None = None
    rows: list[list[str]] | None = None
    svg: str | None = Field(default=None, description="The picture, an SVG text.")
    alt: str | None = Field(default=None, description="What the picture shows.")


class ReportSection(Body):
    """A heading and what stands under it."""

    title: str
    blocks: list[ReportBlock]


class ModelReport(Body):
    """The card of a model version in words."""

    title: str
    sections: list[ReportSection]


class Model(ModelSummary):
    """The card of a model version."""

    refused: Refusal | None = Field(
        default=None,
        description="For keys with the scope `operate`, while a worker refuses it.",
    )
    data: dict[str, Any]
    interval: dict[str, Any]
    input_schema: dict[str, Any] = Field(alias="schema")
    profile: dict[str, Any] = Field(
        description="What the sales look like that it learnt from."
    )
    training: dict[str, Any]
    examples: list[dict[str, Any]]


class ModelAliases(Body):
    """What each alias means."""

    generation: int = Field(description="Grows by one at every change.")
    champion: str | None
    challenger: str | None
    previous: str | None = Field(description="The champion before the present one.")
    share: float = Field(
        description="Percent of what is submitted for the champion that the challenger "
        "prices in its place."
    )


class ComparedPrices(Body):
    """How the challenger's prices compare with those that were answered."""

    count: int = Field(description="Houses that both have priced.")
    ratio: float | None = Field(
        description="Geometric mean of the challenger's price over the champion's."
    )
    quantiles: dict[str, float] | None = Field(
        description="Of the same ratio: `p05`, `p50` and `p95`, to about a percent."
    )
    cpu_s: float = Field(description="Seconds of CPU that all of it took.")
    cpu_s_each: float | None = Field(description="Seconds of CPU for one house.")


class ComparedSales(Body):
    """How near both came to what houses were sold for."""

    count: int = Field(description="Sales, the same for both: the newest 10,000.")
    champion_mdape: float | None = Field(description="Median error in percent.")
    challenger_mdape: float | None = Field(description="Median error in percent.")
    challenger_nearer: int = Field(
        description="Of how many the challenger's price was the nearer one."
    )


class ChallengerComparison(Body):
    """What the challenger says of houses that the champion has priced."""

    champion: str
    challenger: str
    share: float = Field(description="Percent of the champion's jobs that it prices.")
    shadow_every: int = Field(
        description="Each how many of the champion's prices are compared; 0: none. As "
        "the API's own `KERBSIDE_SHADOW_EVERY` says it."
    )
    prices: ComparedPrices
    sales: ComparedSales | None = Field(
        description="Null where no archive is kept, or it does not answer."
    )
