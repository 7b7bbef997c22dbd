"""A model file is what training wrote, or it is refused before anything runs."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from model_store import model_file
from model_store.errors import ArtifactError
from model_store.model_file import dump, load
from model_store.recipe import pipelines
from model_store.recipe.comparables import ComparableSales
from tests import damage
from tests.model_store.markets import QUICK, market

Models = tuple[Pipeline, ...]


@pytest.fixture(scope="module")
def content() -> bytes:
    """Return the file of a model of few trees."""
    return dump(pipelines.fit(market(120), QUICK, seed=0).pipelines)


@pytest.fixture
def models(content: bytes) -> Models:
    """Return its pipelines, to be spoilt."""
    return load(content)


def test_the_bytes_of_a_model_file_depend_on_the_model_alone(content: bytes) -> None:
    """Neither the clock nor addresses in memory leave a trace, however often."""
    fitted_again = pipelines.fit(market(120), QUICK, seed=0).pipelines
    loaded_once = dump(load(content))

    assert dump(fitted_again) == content
    assert dump(load(loaded_once)) == loaded_once


def test_what_was_shared_is_shared_again(content: bytes) -> None:
    """One search serves all models."""
    first, *others = load(content)

    for other in others:
        assert other["columns"] is first["columns"]
        assert other["comparables"] is first["comparables"]


def test_a_restored_model_derives_the_same_from_its_sales(content: bytes) -> None:
    """Points, weights and neighbours are those of the model that was fitted."""
    sales = market(120)
    fitted = pipelines.fit(sales, QUICK, seed=0).pipelines

    raw = pipelines.predict(load(content), sales.houses)

    assert np.array_equal(raw, pipelines.predict(fitted, sales.houses))


def test_a_type_that_was_not_reviewed_is_refused(content: bytes) -> None:
    """A model file that names a function to call is not opened."""
    with pytest.raises(ArtifactError, match=r"refused.*os\.system"):
        load(damage.naming_a_function(content))


def test_our_own_types_are_listed_one_by_one(content: bytes) -> None:
    """No other object of this package comes out of a file."""
    edited = _edited(content, "Hedonic", "Direct", "model_store.serving.estimates")

    with pytest.raises(ArtifactError, match=r"refused.*estimates\.Direct"):
        load(edited)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        damage.PICKLE,
        b"PK\x05\x06" + bytes(18),
        b"PK\x03\x04" + bytes(200),
    ],
)
def test_what_is_no_skops_file_is_refused(content: bytes) -> None:
    """Nothing else is read, least of all a pickle."""
    with pytest.raises(ArtifactError, match="not a file of pipelines"):
        load(content)


@pytest.mark.parametrize("schema", ["", "{}", "[]", "[" * 100_000, '{"__class__": 1}'])
def test_a_file_with_a_made_up_plan_is_refused(content: bytes, schema: str) -> None:
    """Whatever skops raises over it."""
    with pytest.raises(ArtifactError):
        load(_packed(_parts(content) | {"schema.json": schema.encode()}))


def test_a_file_with_a_part_missing_is_refused(content: bytes) -> None:
    """Half a model is none."""
    parts = _parts(content)
    del parts["000003.npy"]

    with pytest.raises(ArtifactError, match=r"000003\.npy"):
        load(_packed(parts))


def test_a_part_of_another_size_than_it_says_is_refused(content: bytes) -> None:
    """An array that announces more numbers than memory holds is not awaited."""
    parts = _parts(content)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)}
    )
    for name in parts:
        if name.endswith(".npy"):
            parts[name] = header.getvalue()

    with pytest.raises(ArtifactError, match="not a file of pipelines"):
        load(_packed(parts))


def test_a_file_that_unpacks_to_more_than_memory_is_refused(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes are added up before anything is unpacked."""
    unpacked = sum(map(len, _parts(content).values()))

    monkeypatch.setattr(model_file, "_MOST_BYTES", unpacked - 1)

    with pytest.raises(ArtifactError, match=f"unpacks to {unpacked:,} bytes"):
        load(content)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left", 10**6),
        ("right", 10**6),
        ("feature_idx", 10**6),
        ("feature_idx", -1),
        ("left", 0),
        ("right", 1),
        ("is_categorical", 1),
        ("value", np.inf),
    ],
)
@pytest.mark.parametrize("estimate", [0, 2])
def test_a_tree_that_leads_out_of_itself_is_refused(
    models: Models, field: str, value: Any, estimate: int
) -> None:
    """Compiled code checks no bounds and would walk circles for ever."""
    trees = models[estimate]["trees"]._predictors  # noqa: SLF001 - as `soundness` does
    trees[3][0].nodes[field][0] = value

    with pytest.raises(ArtifactError, match="nodes lead out"):
        load(dump(models))


def _sales(models: Models) -> ComparableSales:
    sales: ComparableSales = models[0]["comparables"]
    return sales


def _put(name: str, value: Any) -> Callable[[Models], None]:
    """Return a change of what the sales hold."""

    def change(models: Models) -> None:
        sales = _sales(models)
        old = getattr(sales, name)
        setattr(sales, name, value(old) if callable(value) else value)

    return change


def _hedonic(**values: Any) -> Callable[[Models], None]:
    """Return a change of the hedonic regression."""

    def change(models: Models) -> None:
        sales = _sales(models)
        sales.hedonic = replace(sales.hedonic, **values)

    return change


def _columns(**values: Any) -> Callable[[Models], None]:
    """Return a change of what the columns are said to be."""

    def change(models: Models) -> None:
        sales = _sales(models)
        sales.columns = replace(sales.columns, **values)

    return change


def _holed(array: Any) -> Any:
    array = array.copy()
    array.flat[3] = "NaT" if array.dtype.kind == "M" else np.nan
    return array


def _infinite(array: Any) -> Any:
    return np.where(np.arange(len(array))[:, None] == 1, np.inf, array)


WIDE = np.ones((10**5, 1, 1))
SALES = {
    "numbers of another shape": _put("numbers", lambda a: a[:, :-1]),
    "fewer numbers than sales": _put("numbers", lambda a: a[:-1]),
    "infinite numbers": _put("numbers", _infinite),
    "numbers of another type": _put("numbers", lambda a: a.astype(np.float32)),
    "numbers that are a list": _put("numbers", lambda a: a.tolist()),
    "numbers that are texts": _put("numbers", lambda a: a.astype(str)),
    "levels that no effect has": _put("levels", lambda a: a + 10**6),
    "levels from the far end": _put("levels", lambda a: a - 10**6),
    "levels of one category": _put("levels", lambda a: a[:, :1]),
    "prices with a gap": _put("prices", _holed),
    "prices side by side": _put("prices", lambda a: a[:, None]),
    "log prices with a gap": _put("log_prices", _holed),
    "log prices of more sales": _put("log_prices", lambda a: np.r_[a, a]),
    "a date that is none": _put("sold_on", _holed),
    "dates that are numbers": _put("sold_on", lambda a: a.astype(np.int64)),
    "no columns": _put("columns", None),
    "no hedonic": _put("hedonic", lambda _: market(5).schema.names),
    "a place that is not there": _columns(place=(0, 99)),
    "a year that is not there": _columns(years=(99,)),
    "more names than numbers": _columns(numbers=("area", "built", "lat", "lon", "x")),
    "another category": _columns(categories=("quarter",)),
    "a centre that spreads": _hedonic(centre=WIDE),
    "effects that spread": _hedonic(square=WIDE),
    "a scale of nothing": _hedonic(scale=np.zeros(4)),
    "a scale below nothing": _hedonic(scale=np.full(4, -1.0)),
    "an effect that is none": _hedonic(linear=np.full(4, np.nan)),
    "an effect that is infinite": _hedonic(absent=np.full(4, np.inf)),
    "logarithms of a far column": _hedonic(logs=np.array([0, 99])),
    "logarithms of many columns": _hedonic(logs=np.zeros((9, 9), dtype=np.intp)),
    "no effects of categories": _hedonic(levels=()),
    "fewer effects than categories": _hedonic(levels=(np.zeros(2), np.zeros(2))),
    "more effects than categories": _hedonic(levels=(np.zeros(9), np.zeros(9))),
    "effects that are a list": _hedonic(levels=([0.0] * 4, [0.0] * 3)),
    "a base that is none": _hedonic(base=np.nan),
    "a base that is a text": _hedonic(base="12"),
}


@pytest.mark.parametrize("change", SALES.values(), ids=SALES.keys())
def test_sales_that_do_not_fit_each_other_are_refused(
    models: Models, change: Callable[[Models], None]
) -> None:
    """Before a search tree is made of them, or arrays that fill the memory."""
    change(models)

    with pytest.raises(ArtifactError, match="not a file of pipelines"):
        load(dump(models))


def _step(at: int, step: Any) -> Callable[[Models], None]:
    def change(models: Models) -> None:
        name, old = models[1].steps[at]
        models[1].steps[at] = (name, step(old) if step is _wrapped else step)

    return change


def _wrapped(old: Any) -> Pipeline:
    return Pipeline([("inside", old)])


def _encoder(name: str, attribute: str, value: Callable[[Any], Any]) -> Any:
    def change(models: Models) -> None:
        encoder = models[0]["columns"].named_transformers_[name]
        setattr(encoder, attribute, value(getattr(encoder, attribute)))

    return change


def _trees(attribute: str, value: Any) -> Callable[[Models], None]:
    def change(models: Models) -> None:
        setattr(models[1]["trees"], attribute, value)

    return change


def _transformer(step: Any) -> Callable[[Models], None]:
    def change(models: Models) -> None:
        parts = models[0]["columns"].transformers_
        parts[2] = (parts[2][0], step, parts[2][2])

    return change


FORM = {
    "a step more": lambda models: models[0].steps.insert(0, ("x", StandardScaler())),
    "a step less": lambda models: models[0].steps.pop(1),
    "a step of another type": _step(0, StandardScaler()),
    "sales that are none": _step(1, FunctionTransformer()),
    "trees inside another step": _step(2, _wrapped),
    "numbers by a function": _transformer(FunctionTransformer(np.exp)),
    "numbers by another step": _transformer(StandardScaler()),
    "codes for fewer categories": _encoder(
        "codes", "encodings_", lambda a: [a[0][:-1], a[1]]
    ),
    "codes that are none": _encoder(
        "codes", "encodings_", lambda a: [a[0] * np.nan, a[1]]
    ),
    "levels in another order": _encoder(
        "levels", "categories_", lambda a: [a[0][[1, 0, 2, 3]], a[1]]
    ),
    "a category less": _encoder("levels", "categories_", lambda a: [a[0][1:], a[1]]),
    "a feature less": _encoder("levels", "categories_", lambda a: a[:1]),
    "columns before the trees": _trees("_preprocessor", StandardScaler()),
    "native categories": _trees("is_categorical_", np.ones(12, dtype=bool)),
    "trees of more columns": _trees("n_features_in_", 10**9),
    "trees of fewer columns": _trees("n_features_in_", 3),
    "trees of no number of columns": _trees("n_features_in_", np.array([12])),
    "no trees": _trees("_predictors", [[]]),
    "trees that are none": _trees("_predictors", [[StandardScaler()]]),
    "a baseline of more": _trees("_baseline_prediction", np.ones((2, 2))),
    "a baseline that is none": _trees("_baseline_prediction", np.full((1, 1), np.nan)),
}


@pytest.mark.parametrize("change", FORM.values(), ids=FORM.keys())
def test_pipelines_of_another_form_are_refused(
    models: Models, change: Callable[[Models], None]
) -> None:
    """Types that may be in a file may not be anywhere in it."""
    change(models)

    with pytest.raises(ArtifactError):
        load(dump(models))


def _parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {part: packed.read(part) for part in packed.namelist()}


def _packed(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as after:
        for part, text in parts.items():
            after.writestr(part, text)
    return packed.getvalue()


def _edited(content: bytes, name: str, new_name: str, new_module: str) -> bytes:
    """Return a model file whose first object of a class claims to be something else."""
    parts = _parts(content)
    schema = parts["schema.json"].decode()
    at = schema.index(f'"{name}", "__module__"')
    end = schema.index(",", schema.index("__module__", at))
    changed = f'"{new_name}", "__module__": "{new_module}"'
    parts["schema.json"] = (schema[:at] + changed + schema[end:]).encode()
    assert json.loads(parts["schema.json"])
    return _packed(parts)
