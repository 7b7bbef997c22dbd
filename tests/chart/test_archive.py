"""The laws of the archive in the chart."""

from typing import Any

from tests.chart.chart import CHART, Render

_VALUES = CHART / "ci" / "archive-values.yaml"
_ARCHIVE = "KERBSIDE_ARCHIVE_URL"


def test_its_address_comes_from_a_secret_to_those_who_use_it(render: Render) -> None:
    """API, upkeep, training, the Job for the tables; workers use it by way of Redis."""
    told = {}
    for _, template in render(_VALUES).pods():
        part = template["metadata"]["labels"]["app.kubernetes.io/component"]
        for one in template["spec"]["containers"][0].get("env", ()):
            if one["name"] == _ARCHIVE:
                told[part] = one["valueFrom"]["secretKeyRef"]

    assert set(told) == {"api", "upkeep", "training", "migration"}
    for source in told.values():
        assert source == {"name": "archive", "key": "url"}


def test_a_job_brings_its_tables_up_to_date_after_each_change(render: Render) -> None:
    """Another image is another Job; the same keeps its name: none can be changed."""
    first, again = (_job(render(_VALUES)) for _ in range(2))
    other = _job(render(_VALUES, values={"image.tag": "2"}))
    (container,) = first["spec"]["template"]["spec"]["containers"]

    assert container["args"] == ["kerbside", "archive", "migrate"]
    assert first["metadata"]["name"] == again["metadata"]["name"]
    assert first["metadata"]["name"] != other["metadata"]["name"]


def test_without_one_nothing_speaks_of_it(render: Render) -> None:
    """No Job, no variable, no way out to it."""
    rendered = render()
    policies = rendered.of("NetworkPolicy")

    assert not [one for one in rendered.of("Job") if "migrate" in str(one)]
    assert not [name for name, pod in rendered.pods() if _ARCHIVE in str(pod)]
    assert not [one for one in policies if _reaches(one, 5432)]


def test_who_uses_it_reaches_it(render: Render) -> None:
    """On its port, where the values say that it is."""
    reaching = {
        one["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for one in render(_VALUES).of("NetworkPolicy")
        if _reaches(one, 6432)
    }

    assert reaching == {"api", "upkeep", "training", "migration"}


def test_a_long_deadline_is_a_number(render: Render) -> None:
    """A number of a values file is a float to Helm, whose own text is 1.0368e+06."""
    (job,) = (one for one in render(_VALUES).of("Job") if "train-" in str(one))

    assert job["spec"]["activeDeadlineSeconds"] == 1_036_800
    assert isinstance(job["spec"]["activeDeadlineSeconds"], int)


def _job(rendered: Any) -> Any:
    (job,) = (
        one for one in rendered.of("Job") if "-migrate-" in one["metadata"]["name"]
    )
    return job


def _reaches(policy: Any, port: int) -> bool:
    rules = policy["spec"].get("egress") or ()
    return any(one["port"] == port for rule in rules for one in rule.get("ports", ()))
