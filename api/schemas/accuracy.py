"""What answers about the accuracy of prices look like; figures are in percent."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from api.schemas.body import Body

Between = tuple[float, float] | None


class _Figures(Body):
    n: int = Field(description="Sales that a price of this version can be held to.")
    suppressed: bool | None = Field(
        default=None, description="True: too few sales, and nothing else is told."
    )
    mdape: float | None = Field(
        default=None, description="Half of the prices were further off than this."
    )
    mdape_between: Between = Field(default=None, description="95 % interval.")
    median_bias: float | None = Field(
        default=None, description="Half of the prices were below the sale by more."
    )
    median_bias_between: Between = None
    ppe10: float | None = Field(default=None, description="Within 10 % of the sale.")
    ppe10_between: Between = None
    ppe20: float | None = Field(default=None, description="Within 20 % of the sale.")
    ppe20_between: Between = None
    coverage: float | None = Field(
        default=None, description="Sales inside the range of their price."
    )
    coverage_between: Between = None
    within_fsd: float | None = Field(
        default=None, description="Sales within one FSD of their price; 68 is meant."
    )
    within_fsd_between: Between = None
    fsd_ratio: float | None = Field(
        default=None,
        description="What 68 % of the sales were within, over what the FSD said.",
    )
    mean_width: float | None = Field(
        default=None, description="Mean width of the ranges, of the price."
    )
    r2: float | None = Field(default=None, description="Share, not percent.")


class AccuracyRow(_Figures):
    """A period, of one version or of all, and of one group of a segment or of all."""

    start: date = Field(alias="from", description="First day of the period.")
    version: str | None = Field(description="Null: all versions together.")
    group: str | None = Field(
        default=None, description="Of the segment asked for, such as a zip."
    )
    sales: int | None = Field(
        default=None, description="Sales told, priced or not; of all versions alone."
    )
    hit_rate: float | None = Field(
        default=None, description="Share of these that a price had been given for."
    )


class AlarmSpell(Body):
    """A time in which a measure was worse than tolerated."""

    began_about: date
    raised_on: date
    ended_on: date | None


class AccuracyAlarm(Body):
    """A measure that is watched."""

    measure: Literal["bias", "mdape", "coverage"]
    tolerance: float = Field(
        description="What is tolerated; of the bias one each below and above."
    )
    state: Literal["ok", "degraded"]
    spells: list[AlarmSpell]
    since: date | None = Field(
        default=None, description="Day of the sale that raised the alarm that lasts."
    )
    began_about: date | None = Field(
        default=None, description="Day of the sale since which it has been worse."
    )
    value: float | None = Field(
        default=None, description="The measure over the sales since."
    )
    outcomes: int | None = Field(default=None, description="How many these are.")


class FsdGroup(Body):
    """A fifth of the prices by FSD."""

    n: int
    fsd: float = Field(description="Mean of what was said.")
    within: float = Field(description="Sales that kept to it.")


class AccuracyVersion(_Figures):
    """All that sales say of one model version."""

    version: str
    aliases: list[str] = Field(
        description="What it serves as now; neither `champion` nor `challenger`: it "
        "prices nothing by itself any more, and its state is history."
    )
    start: date = Field(alias="from", description="Day of the first sale.")
    to: date
    level: float = Field(description="Share of sales that its ranges are to hold.")
    expected_mdape: float = Field(description="MdAPE at its test, as its card says.")
    state: Literal["ok", "degraded"]
    since: date | None
    alarms: list[AccuracyAlarm]
    now: _Figures = Field(
        description="Of its sales in the 28 days before the newest sale of all."
    )
    fsd_calibration: list[FsdGroup]


class Accuracy(Body):
    """What realised sales say of the prices given."""

    made_at: datetime | None = Field(description="Null: no report was made yet.")
    sales: int = Field(
        description="Sales of the two years before the newest that were told while "
        "predictions are kept (`KERBSIDE_ARCHIVE_PREDICTIONS_DAYS`)."
    )
    priced: int = Field(description="How many of them had been priced.")
    properties: int = Field(
        description="How many of these were of properties, and so are held to a "
        "valuation."
    )
    hit_rate: float | None
    start: date | None = Field(alias="from")
    to: date | None
    fewest: int | None = Field(description="Sales of a cell that is told, at least.")
    segments: list[str] = Field(description="What `segment` may say.")
    versions: list[AccuracyVersion]
    rows: list[AccuracyRow]
