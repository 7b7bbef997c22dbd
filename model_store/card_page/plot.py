"""The picture of a model card: an SVG that looks right by day and by night."""

from collections.abc import Mapping, Sequence

_WIDE, _HIGH, _LEFT, _TOP, _RIGHT, _BELOW = 520, 340, 64, 14, 16, 52
#: Legible on white and on black, and told apart by colour-blind people.
_GREY, _BLUE, _ORANGE = "#767676", "#3b82c4", "#d55e00"
_TICKS = 4


def calibration(groups: Sequence[Mapping[str, float]]) -> str:
    """Return the plot of deviations given and found, in percent.

    Args:
        groups: `said` and `was` of each group of sales.
    """
    top = 1.08 * max(value for group in groups for value in group.values())
    step = _round_step(top)

    def x(value: float) -> float:
        return round(_LEFT + value / top * (_WIDE - _LEFT - _RIGHT), 1)

    def y(value: float) -> float:
        return round(_HIGH - _BELOW - value / top * (_HIGH - _TOP - _BELOW), 1)

    ticks = [step * at for at in range(int(top / step) + 1)]
    grid = "".join(
        f'<path d="M{x(tick)} {y(0)}V{_TOP}M{_LEFT} {y(tick)}H{_WIDE - _RIGHT}" '
        f'stroke="{_GREY}" stroke-opacity="0.25"/>'
        f'<text x="{x(tick)}" y="{y(0) + 18}" text-anchor="middle">{tick:g}</text>'
        f'<text x="{_LEFT - 8}" y="{y(tick) + 4}" text-anchor="end">{tick:g}</text>'
        for tick in ticks
    )
    points = [(x(group["said"]), y(group["was"])) for group in groups]
    line = " ".join(f"{left},{up}" for left, up in points)
    dots = "".join(
        f'<circle cx="{left}" cy="{up}" r="4" fill="{_BLUE}"/>' for left, up in points
    )
    middle = (_TOP + _HIGH - _BELOW) // 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" '
        f'width="{_WIDE}" height="{_HIGH}" role="img" font-size="12" '
        f'font-family="system-ui, sans-serif" fill="{_GREY}">'
        f"<title>Forecast deviation given and found</title>{grid}"
        f'<path d="M{x(0)} {y(0)}L{x(top)} {y(top)}" stroke="{_ORANGE}" '
        f'stroke-width="1.5"/>'
        f'<polyline points="{line}" fill="none" stroke="{_BLUE}" stroke-width="1.5"/>'
        f"{dots}"
        f'<text x="{(_LEFT + _WIDE) // 2}" y="{_HIGH - 10}" text-anchor="middle">'
        "deviation given, % of the price</text>"
        f'<text x="16" y="{middle}" text-anchor="middle" '
        f'transform="rotate(-90 16 {middle})">error that 68 % stayed below, %</text>'
        "</svg>"
    )


def _round_step(top: float) -> float:
    steps = (factor * 10.0**power for power in range(-3, 5) for factor in (1, 2, 5))
    return next(step for step in steps if top / step <= 2 * _TICKS)
