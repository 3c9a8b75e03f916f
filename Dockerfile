# One image for every process; docker-compose.yml says which command each runs.

FROM python:3.13-slim AS build
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock .python-version ./
RUN uv sync --frozen --no-dev
COPY manage.py ./
COPY config config
COPY agents agents
COPY tickets tickets
COPY chat chat
COPY automation automation
COPY reports reports
COPY templates templates
COPY static static
COPY locale locale
# The key and the directory of this step stay out of the image.
RUN SECRET_KEY=build DATA_DIR=/tmp/build .venv/bin/python -c \
    "from config.translations import compile_if_changed; compile_if_changed()"

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app imece && install -d -o imece -g imece /data
COPY --from=build /app /app
WORKDIR /app
USER imece
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/data LISTEN_HOST=0.0.0.0
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["python", "manage.py", "serve"]
