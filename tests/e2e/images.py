"""The images of the tests: of this project, and of others or what stands in for them.

Where no registry answers, a Debian of packages alone is the base of all of them. What
stands in is only ever used here: it trusts whom this machine trusts.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.deploy import compose_file
from tests.e2e.engine import Docker
from tests.structure.source import ROOT

IMAGE = "kerbside:e2e"

_DEBIAN = "kerbside-e2e/debian:local"
_MMDEBSTRAP = ("mmdebstrap", "--quiet", "--variant=minbase")
_PACKAGES = "python3,python3-venv,python3-pip,ca-certificates,tini"
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_PYTHON = f"""\
FROM {_DEBIAN}
COPY ca-certificates.crt {_AUTHORITIES}
ENV PIP_CERT={_AUTHORITIES} LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/usr/sbin:/sbin
RUN rm -f /usr/lib/python3*/EXTERNALLY-MANAGED \\
    && ln -s /usr/bin/python3 /usr/local/bin/python \\
    && ln -s /usr/bin/pip3 /usr/local/bin/pip
"""
_SERVERS = f"""\
FROM {_DEBIAN}
RUN apt-get update -q \\
    && apt-get install -y -q --no-install-recommends redis-server nginx-light \\
    && install -d -o 999 -g 999 /data
"""
_ENTRYPOINT = Path(__file__).with_name("postgres.sh")
_POSTGRES = f"""\
FROM {_DEBIAN}
RUN groupadd --gid 999 postgres \\
    && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres \\
    && apt-get update -q \\
    && apt-get install -y -q --no-install-recommends postgresql \\
    && ln -s /usr/lib/postgresql/* /usr/lib/postgresql/here \\
    && install -d -o 999 -g 999 /var/lib/postgresql/data
COPY {_ENTRYPOINT.name} /
ENV PATH=/usr/lib/postgresql/here/bin:/usr/local/bin:/usr/bin:/bin
ENTRYPOINT ["sh", "/{_ENTRYPOINT.name}"]
CMD ["postgres"]
"""


def prepare(docker: Docker, folder: Path) -> dict[str, str]:
    """Build the project's image; return the variables that name all images.

    Args:
        docker: The engine.
        folder: Where files may be left.
    """
    others = dict(_of_others())
    if not all(_is_there(docker, image) for image in others.values()):
        others = _stand_ins(docker, folder)
    base = f"PYTHON_IMAGE={others['PYTHON_IMAGE']}"
    docker.run("build", "--quiet", "--tag", IMAGE, "--build-arg", base, str(ROOT))
    return {**others, "IMAGE": IMAGE}


def _of_others() -> Iterator[tuple[str, str]]:
    """Yield the variables of the images of others, and what they are by default."""
    services = compose_file.services()
    written = [services[name]["image"] for name in ("redis", "balancer", "postgres")]
    written.append(services["api"]["build"]["args"]["PYTHON_IMAGE"])
    for one in written:
        name, _, image = one.strip("${}").partition(":-")
        yield name, image


def _is_there(docker: Docker, image: str) -> bool:
    return docker.succeeds("image", "inspect", image) or docker.succeeds(
        "pull", "--quiet", image, timeout_s=120
    )


def _stand_ins(docker: Docker, folder: Path) -> dict[str, str]:
    if not docker.succeeds("image", "inspect", _DEBIAN):
        archive = folder / "debian.tar"
        subprocess.run(
            [*_MMDEBSTRAP, f"--include={_PACKAGES}", "bookworm", str(archive)],
            check=True,
        )
        docker.run("import", str(archive), _DEBIAN)
        archive.unlink()
    shutil.copy(_AUTHORITIES, folder)
    shutil.copy(_ENTRYPOINT, folder)
    names = {"python": _PYTHON, "servers": _SERVERS, "postgres": _POSTGRES}
    for name, recipe in names.items():
        (folder / "Dockerfile").write_text(recipe)
        docker.run("build", "--quiet", "--tag", _tag(name), str(folder))
    servers = _tag("servers")
    return {
        "PYTHON_IMAGE": _tag("python"),
        "REDIS_IMAGE": servers,
        "NGINX_IMAGE": servers,
        "POSTGRES_IMAGE": _tag("postgres"),
    }


def _tag(name: str) -> str:
    return f"kerbside-e2e/{name}:local"
