"""README, Makefile, Dockerfile, compose file and .env.example say the same as the code."""

import re
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.conf import settings

from config import asgi
from config.management.commands.serve import DEMO_PASSWORD, Command, House
from config.settings.limits import SETTABLE
from tests.support.compose import container_environment, image, services
from tests.support.factories import make_agent, make_brand
from tests.support.servers import ROOT


def read(name: str) -> str:
    return (ROOT / name).read_text()


def test_the_image_starts_what_compose_starts() -> None:
    assert image()["CMD"] == services()["web-1"]["command"] == services()["web-2"]["command"]
    assert image()["CMD"][1:] == ["manage.py", "serve"]
    assert "manage.py serve" in read("Makefile")


def test_the_image_does_not_run_as_root_and_is_watched() -> None:
    assert image()["USER"] not in {"root", "0"}
    assert "/readyz" in image()["HEALTHCHECK"]


def test_every_room_is_in_the_image() -> None:
    rooms = {
        config.name.partition(".")[0]
        for config in apps.get_app_configs()
        if str(config.path).startswith(f"{ROOT}/") and ".venv" not in str(config.path)
    }
    assert rooms | {"templates", "static", "locale"} == set(image()["COPY"])


def test_each_queue_has_a_worker_and_there_is_one_beat() -> None:
    commands = [service["command"] for service in services().values() if "command" in service]
    workers = [command for command in commands if "worker" in command]
    served = [name for command in workers for name in command[command.index("-Q") + 1].split(",")]
    assert sorted(served) == sorted(settings.QUEUES)
    assert sum("beat" in command for command in commands) == 1
    scheduled = {
        entry.get("options", {}).get("queue", settings.CELERY_TASK_DEFAULT_QUEUE)
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
    }
    assert scheduled <= set(served)


def test_the_proxy_lets_through_the_largest_mail_and_upload_that_a_process_takes() -> None:
    proxy = yaml.safe_load(read("docker-compose.yml"))["configs"]["caddyfile"]["content"]
    matchers = dict(re.findall(r"^ *(@\w+) (.+)$", proxy, re.MULTILINE))
    sizes = re.findall(r"request_body ?(@\w+)? \{\s*max_size (\d+)MB", proxy)
    largest = {matchers.get(name, ""): int(size) * 1_000_000 for name, size in sizes}
    # Of two limits on one request the lower one holds.
    assert set(largest) == {"path /hooks/*", "not path /hooks/*"}
    assert asgi.MAIL < largest["path /hooks/*"] < 2 * asgi.MAIL
    assert asgi.UPLOAD < largest["not path /hooks/*"] < 2 * asgi.UPLOAD


def test_nothing_but_the_proxy_is_reachable_from_outside() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["proxy"]


def test_every_variable_of_the_settings_is_in_the_example_and_in_the_guide() -> None:
    source = read("config/settings/__init__.py")
    read_by_settings = set(re.findall(r'\benv\.\w+\(\s*"(\w+)"', source))
    read_by_settings |= set(SETTABLE)
    asked_by_compose = set(re.findall(r"\$\{(\w+)", read("docker-compose.yml")))
    described = set(re.findall(r"^#(\w+)=", read(".env.example"), re.MULTILINE))
    assert described == read_by_settings | asked_by_compose
    in_the_guide = set(re.findall(r"`([A-Z][A-Z_]+)`", read("docs/operations.md")))
    assert described <= in_the_guide


def test_every_variable_of_the_example_reaches_each_process_of_ours() -> None:
    described = re.findall(r"^#(\w+)=", read(".env.example"), re.MULTILINE)
    told = dict.fromkeys(described, "told")
    for name, service in services().items():
        if service.get("image") == "imece":
            seen = container_environment(name, told)
            own = {key: seen[key] for key in told.keys() - service["environment"].keys()}
            assert own == dict.fromkeys(own, "told")
            assert {"SECRET_KEY_FALLBACKS", "OUTBOUND_PRIVATE", "LOG_LEVEL"} <= own.keys()


def test_no_variable_takes_a_container_from_where_the_others_look_for_it() -> None:
    told = {"PORT": "1", "LISTEN_HOST": "::1", "DATA_DIR": "var"}
    assert container_environment("web-1", told) == container_environment("web-1", {})


def test_files_that_the_guides_commands_put_back_are_those_that_they_saved(tmp_path: Path) -> None:
    guide = read("docs/operations.md")
    commands = re.findall(r"docker compose .* (web-1) (tar -C /data .*?)(?:  +#|$)", guide, re.M)
    assert {service for service, _command in commands} <= services().keys()
    [save, restore] = [command for _service, command in commands]
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "media").mkdir(parents=True)
    after.mkdir()
    # The second time nothing is in the way of the first.
    for text in ("old", "new"):
        (before / "media" / "file").write_text(text)
        (before / "media" / "file").chmod(0o600)
        for command, data in ((save, before), (restore, after)):
            here = command.replace("/data", str(data))
            subprocess.run(["sh", "-c", here], check=True, cwd=tmp_path)
        found = [each for each in after.rglob("*") if each.is_file()]
        assert [each.relative_to(after) for each in found] == [Path("media/file")]
        assert (found[0].read_text(), found[0].stat().st_mode & 0o777) == (text, 0o600)


def test_the_guide_says_what_the_settings_default_to() -> None:
    guide = read("docs/operations.md")
    rows = re.findall(r"^\| ((?:`[A-Z_]+`,? ?)+) \| ([\d, ]+) \|", guide, re.MULTILINE)
    told = {
        name: int(value)
        for names, values in rows
        for name, value in zip(
            re.findall(r"`(\w+)`", names), values.replace(" ", "").split(","), strict=True
        )
    }
    source = read("config/settings/__init__.py")
    numbers = re.findall(r'env\.(?:int|float)\(\s*"(\w+)", default=([\d.]+)', source)
    limits = {name: int(float(value)) for name, value in [*numbers, *SETTABLE.items()]}
    assert told == {name: limits[name] for name in told}
    assert set(limits) - set(told) <= {"PORT", "DATABASE_POOL"}


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/operations.md"])
def test_every_command_of_the_documents_exists(document: str) -> None:
    targets = set(re.findall(r"^(\w+):", read("Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?! python)", read(document))) <= targets


def test_every_link_of_the_documents_leads_somewhere() -> None:
    missing = []
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|<)([^)#]+)", document.read_text()):
            if not (document.parent / target).exists():
                missing.append(f"{document.name}: {target}")
    # Machines draw the screenshot and measure the figures; both are made at the end.
    assert missing == []


@pytest.mark.parametrize("opens", [True, False])
def test_the_demos_password_is_told_only_where_it_opens_something(
    settings: Any, opens: bool
) -> None:
    settings.SEED_DEMO, settings.IS_LOOPBACK = True, opens
    said = StringIO()
    Command(stdout=said).greet("0.0.0.0", 8000, House())  # noqa: S104 - only told
    assert (DEMO_PASSWORD in said.getvalue()) is opens


def test_a_start_without_a_demo_names_no_shop_and_says_how_to_get_in(settings: Any) -> None:
    settings.SEED_DEMO, settings.EMBEDDED_WORKER = True, True
    said = StringIO()
    empty = House(has_demo=False, has_admin=False)
    Command(stdout=said).greet("0.0.0.0", 8000, empty)  # noqa: S104 - only told
    assert "createadmin" in said.getvalue()
    assert "/demo/" not in said.getvalue()
    assert DEMO_PASSWORD not in said.getvalue()


@pytest.mark.django_db
def test_a_start_looks_who_can_sign_in(settings: Any) -> None:
    settings.IS_LOOPBACK = True
    assert House.look() == House(has_demo=False, has_admin=False)
    make_brand(is_demo=True)
    make_agent(is_staff=True, is_demo=True)
    assert House.look() == House()
    settings.IS_LOOPBACK = False
    assert House.look() == House(has_admin=False)
