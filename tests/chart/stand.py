"""The chart's pods as processes of this machine, with other paths, hosts and ports."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chart.chart import Manifest, Rendered
from worker.supervision import embedded, ports

#: Paths in containers that lie in a folder of the test here.
_PATHS = re.compile(
    r"(?<![\w.~])(/etc/kerbside|/run/kerbside|/var/lib/kerbside|/tmp|/data)\b"
)


@dataclass(frozen=True)
class Stand:
    """Where the pods of a rendering run.

    Attributes:
        rendered: What they are.
        folder: Holds all paths of theirs.
        other: Values of variables that are others here.
    """

    rendered: Rendered
    folder: Path
    other: Mapping[str, str] = field(default_factory=dict)
    redis_port: int = field(default_factory=ports.find_free)
    api_port: int = field(default_factory=ports.find_free)

    def secret(self, name: str) -> Mapping[str, str]:
        """Return the data of a Secret of the chart."""
        data = self.rendered.one("Secret", name)["data"]
        return {key: base64.b64decode(text).decode() for key, text in data.items()}

    def redis_url(self, user: str) -> str:
        """Return the address of the bundled Redis for a user of it."""
        password = self.secret("redis")[user]
        return f"redis://{user}:{password}@127.0.0.1:{self.redis_port}/0"

    def here(self, text: str) -> str:
        """Return a text of the chart as it must be here."""
        text = _PATHS.sub(rf"{self.folder}\1", text)
        for there, here in (
            ("redis-cli", f"redis-cli -p {self.redis_port}"),
            ("home-kerbside-redis:6379", f"127.0.0.1:{self.redis_port}"),
            ("home-kerbside-api.homes.svc", f"127.0.0.1:{self.api_port}"),
            ("0.0.0.0", "127.0.0.1"),  # noqa: S104
            ("--port=8000", f"--port={self.api_port}"),
        ):
            text = text.replace(there, here)
        return text

    def words(self, container: Manifest) -> list[str]:
        """Return what a container runs; the image's own start is left out."""
        said = (*container.get("command", ()), *container.get("args", ()))
        return [self.here(word) for word in said]

    def environment(self, container: Manifest) -> dict[str, str]:
        """Return the variables of a container, put together as the kubelet does."""
        settings = self.rendered.one("ConfigMap", "settings")["data"]
        found = dict(settings) if container.get("envFrom") else {}
        for one in container.get("env", ()):
            value = one.get("value") or self._referred(one)
            for name, known in found.items():
                value = value.replace(f"$({name})", known)
            found[one["name"]] = value
        told = {name: self.here(value) for name, value in found.items()}
        path = f"{self.folder}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
        return {**told, **self.other, "PATH": path}

    @contextmanager
    def run(self, template: Manifest) -> Iterator["subprocess.Popen[bytes]"]:
        """Run the container of a pod; ends it as the kubelet does."""
        (container,) = template["spec"]["containers"]
        part = template["metadata"]["labels"]["app.kubernetes.io/component"]
        with (
            (self.folder / f"{part}.log").open("wb") as log,
            subprocess.Popen(
                self.words(container),
                env=self.environment(container),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            ) as process,
        ):
            try:
                yield process
            finally:
                process.terminate()

    @contextmanager
    def redis(self) -> Iterator[None]:
        """Run the bundled Redis; its program is the one of the tests."""
        files = self.rendered.one("ConfigMap", "redis")["data"]
        own = f"port {self.redis_port}\nbind 127.0.0.1\n"
        for name, text in files.items():
            self._write(f"/etc/kerbside/redis/{name}", self.here(text))
        with (self.folder / "etc/kerbside/redis/redis.conf").open("a") as file:
            file.write(own)
        for user, password in self.secret("redis").items():
            self._write(f"/etc/kerbside/passwords/{user}", password)
        for folder in ("run/kerbside", "data", "bin", "tmp"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        (self.folder / "bin/redis-server").symlink_to(embedded.find_binary())
        with self.run(self.rendered.pod("StatefulSet", "redis")):
            yield

    def _write(self, path: str, text: str) -> None:
        file = Path(f"{self.folder}{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _referred(self, variable: Mapping[str, Any]) -> str:
        if "valueFrom" not in variable:
            return ""
        reference = variable["valueFrom"]["secretKeyRef"]
        name = reference["name"].removeprefix("home-kerbside-")
        return self.secret(name)[reference["key"]]
