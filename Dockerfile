# Build: the locked versions and the bot in a virtual environment of their own.
# For Postgres: --build-arg LOCK=requirements-postgres.lock
FROM python:3.13-slim AS build
ARG LOCK=requirements.lock
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
WORKDIR /src
COPY requirements.lock requirements-postgres.lock ./
RUN /venv/bin/pip install --require-hashes -r ${LOCK}
COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
RUN /venv/bin/pip install --no-deps .

# Run: no build tools, no root, progress in a volume.
FROM python:3.13-slim
RUN useradd --uid 10001 --create-home nabla && install -d -o nabla -g nabla -m 700 /app/data
WORKDIR /app
COPY --from=build /venv /venv
COPY lessons ./lessons
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 NABLA_LISTEN=0.0.0.0:8080
USER nabla
VOLUME /app/data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request; port = os.environ['NABLA_LISTEN'].rpartition(':')[2]; urllib.request.urlopen(f'http://127.0.0.1:{port}/healthz', timeout=4)"]
# SIGTERM finishes what is in hand within 8 s, inside Docker's grace of 10 s. --init reaps the workers' children.
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
