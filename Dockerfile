# The one image of Kerbside: each process is a command of it (docs/howto/docker.md).
# It needs nothing of BuildKit; another base is a build argument.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# Extras of setup.cfg that have a lock in requirements/, separated by spaces.
ARG EXTRAS="tracing postgres"
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1
WORKDIR /src
COPY requirements/ requirements/
# The image's own pip fills an environment that has none.
RUN python -m venv --without-pip /opt/venv \
    && for lock in base ${EXTRAS}; do \
        pip -q --python /opt/venv/bin/python install --require-hashes -r "requirements/${lock}.txt" || exit 1; \
    done
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY api/ api/
COPY worker/ worker/
COPY model_store/ model_store/
# The project's build needs setuptools, which is among the locked; nothing else does.
# Libraries bring their own tests along, a fifth of their bytes.
RUN pip -q --python /opt/venv/bin/python install --no-deps --no-build-isolation . \
    && pip -q --python /opt/venv/bin/python uninstall --yes setuptools \
    && find /opt/venv/lib -type d -name tests -prune -exec rm -r {} + \
    && /opt/venv/bin/python -m compileall -q -j 0 /opt/venv/lib

FROM ${PYTHON_IMAGE}
ARG VERSION="0"
ARG REVISION="unknown"
LABEL org.opencontainers.image.title="Kerbside" \
    org.opencontainers.image.description="Asynchronous house-price predictions with honest ranges" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
# As process 1 it hands signals on to programs that would not hear them there.
# Debian keeps no version of a package but the newest, so none can be named.
# hadolint ignore=DL3008
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && install -d -o 10001 -g 10001 /var/lib/kerbside /var/lib/kerbside/models \
        /var/lib/kerbside/batches
COPY --from=build /opt/venv /opt/venv
# One process a core: threads inside numpy would only get in each other's way.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    KERBSIDE_STATE_DIR=/var/lib/kerbside
# Empty, so that nothing is imported from where a container happens to start.
WORKDIR /var/lib/kerbside
USER 10001:10001
EXPOSE 8000 5555 9464
ENTRYPOINT ["tini", "--"]
CMD ["kerbside", "serve", "--host", "0.0.0.0", "--port", "8000", "--processes", "2"]
