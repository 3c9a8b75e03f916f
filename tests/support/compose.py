"""Reads docker-compose.yml as Docker does and starts its services as local processes."""

import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.servers import ROOT, Process, environment

# What the operator would write into .env.
VARIABLES = {
    "DOMAIN": "desk.example",
    "SECRET_KEY": "deployment-test-deployment-test-deployment-test",
    "POSTGRES_PASSWORD": "postgrespassword",
    "REDIS_PASSWORD": "redispassword",
}
_VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?:(:[-?])([^}]*))?\})")


def interpolate(value: str) -> str:
    """Replace ${NAME}, ${NAME:-default}, ${NAME:?message} and $$; defaults may hold variables."""

    def replace(match: re.Match[str]) -> str:
        name, mark, text = match.groups()
        if name is None:
            return "$"
        if name in VARIABLES:
            return VARIABLES[name]
        assert mark == ":-", f"compose needs {name}: {text}"
        return interpolate(text)

    # A default such as ${FROM:-desk@${DOMAIN}} is resolved from the inside out.
    inner = re.sub(r"\$\{(\w+)\}", lambda found: VARIABLES.get(found[1], found[0]), value)
    return _VARIABLE.sub(replace, inner)


def services() -> dict[str, Any]:
    """Return the services with merges and variables resolved."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())

    def resolve(node: Any) -> Any:
        if isinstance(node, str):
            return interpolate(node)
        if isinstance(node, list):
            return [resolve(item) for item in node]
        if isinstance(node, dict):
            return {key: resolve(item) for key, item in node.items()}
        return node

    resolved: dict[str, Any] = resolve(compose["services"])
    return resolved


def container_environment(name: str, dotenv: Mapping[str, str]) -> dict[str, str]:
    """Return what a service's process sees, from what wins last: image, .env, compose file."""
    service = services()[name]
    files = [each["path"] for each in service.get("env_file", ())]
    assert set(files) <= {".env"}
    seen: dict[str, str] = {**image()["ENV"], **(dotenv if files else {}), **service["environment"]}
    return seen


def image() -> dict[str, Any]:
    """Return what the last stage of the Dockerfile says: CMD, ENV, USER, HEALTHCHECK, COPY."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    stage = text[text.rindex("\nFROM ") :]
    said = dict(re.findall(r"^(CMD|USER|HEALTHCHECK|EXPOSE) (.+)$", stage, re.MULTILINE))
    env = " ".join(re.findall(r"^ENV (.+)$", stage, re.MULTILINE))
    return {
        **said,
        "CMD": yaml.safe_load(said["CMD"]),
        "ENV": dict(pair.split("=", 1) for pair in shlex.split(env)),
        "COPY": re.findall(r"^COPY (\w+) \w+$", text, re.MULTILINE),
    }


class Service(Process):
    """A service of the compose file as a local process: same command, same environment.

    Only hosts and places differ: `hosts` maps what stands in the file to what is here.
    """

    def __init__(
        self, name: str, *, hosts: Mapping[str, str], data: Path, port: int, sign: str = ""
    ) -> None:
        service = services()[name]
        env = container_environment(name, VARIABLES)
        env.pop("PATH")
        for there, here in hosts.items():
            env = {key: value.replace(there, here) for key, value in env.items()}
        self.url, self.ws_url = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"
        env |= {"DATA_DIR": str(data), "LISTEN_HOST": "127.0.0.1", "PORT": str(port)}
        local = {"python": [sys.executable], "celery": [sys.executable, "-m", "celery"]}
        program, *arguments = service["command"]
        self._sign = sign
        super().__init__([*local[program], *arguments], env=environment(env), name=name)

    def is_ready(self) -> bool:
        return self._sign in self.logs
