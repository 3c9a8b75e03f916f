"""What browsers load has hashed names all the way down, and is collected only when it changed."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import override_settings
from pytest_django import Settings

from config.web import staticfiles

pytestmark = pytest.mark.once

HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
IMPORTS = re.compile(
    r"""(?:\bimport\b|\bexport\b)[^"'`;]*?\bfrom\s*["']([^"']+)["']"""
    r"""|\bimport\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']"""
)
URLS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']""")
OWN = ("live/", "widget/", "console/", "css/", "admin-skin/")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Everything, collected as for production."""
    root = tmp_path_factory.mktemp("static")
    storages = settings.STORAGES | {"staticfiles": {"BACKEND": "config.web.staticfiles.Storage"}}
    with override_settings(STATIC_ROOT=root, STORAGES=storages):
        call_command(
            "collectstatic", interactive=False, verbosity=0, ignore_patterns=staticfiles.UNUSED
        )
        yield root


def hashed_files(root: Path, suffix: str) -> list[Path]:
    """Return the files that browsers are sent to."""
    return [path for path in root.rglob(f"*{suffix}") if HASHED.search(path.name)]


def targets(pattern: re.Pattern[str], text: str) -> list[str]:
    """Return what a file refers to."""
    return [next(filter(None, found)) for found in pattern.findall(text)]


def is_ours(root: Path, path: Path) -> bool:
    """Whether we wrote it."""
    return path.relative_to(root).as_posix().startswith(OWN)


def test_every_import_of_every_module_leads_to_a_hashed_file(collected: Path) -> None:
    modules = [path for path in hashed_files(collected, ".js") if is_ours(collected, path)]
    followed = 0
    for module in modules:
        for target in targets(IMPORTS, module.read_text()):
            assert HASHED.search(target), f"{module.name} imports {target}"
            assert (module.parent / target).resolve().exists(), f"{module.name} -> {target}"
            followed += 1
    assert len(modules) > 10
    assert followed > 10


def test_a_sheet_is_served_whole(collected: Path) -> None:
    for name, sign in (("widget/widget", ".queue-place"), ("console/console", ".composer")):
        folder, _, stem = name.partition("/")
        [sheet] = [
            path
            for path in hashed_files(collected, ".css")
            if path.parent.name == folder and path.name.startswith(f"{stem}.")
        ]
        assert "@import" not in sheet.read_text()
        assert sign in sheet.read_text()


def test_what_collecting_leaves_for_itself_is_not_served(collected: Path) -> None:
    (collected / staticfiles.STAMP).write_text("x")
    storages = settings.STORAGES | {"staticfiles": {"BACKEND": "config.web.staticfiles.Storage"}}
    with override_settings(STATIC_ROOT=collected, STORAGES=storages):
        served = staticfiles.StaticMiddleware(lambda request: None).files
    names = {PurePosixPath(url).name for url in served}
    assert any(name.startswith("loader.") for name in names)
    assert not {name for name in names if name.startswith((".", "staticfiles.json"))}


def test_imports_are_literal(collected: Path) -> None:
    for source in (Path(settings.BASE_DIR) / "static").rglob("*.js"):
        for call in re.findall(r"\bimport\(([^)]*)\)", source.read_text()):
            # JSDoc types are import("./x.js").Name in comments: literal too.
            assert re.fullmatch(r"""\s*["'][^"']+["']\s*""", call), f"{source.name}: import({call})"


def test_modules_have_no_cycles() -> None:
    root = Path(settings.BASE_DIR) / "static"
    graph: dict[Path, set[Path]] = {}
    for source in root.rglob("*.js"):
        code = re.sub(r"/\*.*?\*/", "", source.read_text(), flags=re.DOTALL)
        graph[source] = {
            (source.parent / target).resolve()
            for target in targets(IMPORTS, code)
            if target.startswith(".")
        }

    def reaches(start: Path, here: Path, seen: set[Path]) -> bool:
        for after in graph.get(here, set()) - seen:
            seen.add(after)
            if after == start or reaches(start, after, seen):
                return True
        return False

    assert [path.name for path in graph if reaches(path, path, set())] == []


def test_every_url_in_a_style_sheet_leads_to_a_hashed_file(collected: Path) -> None:
    for sheet in hashed_files(collected, ".css"):
        for target in targets(URLS, sheet.read_text()):
            if target.startswith(("data:", "#")):
                continue
            name = target.split("#")[0].split("?")[0]
            assert HASHED.search(name), f"{sheet.name} refers to {target}"
            assert (sheet.parent / name).resolve().exists(), f"{sheet.name} -> {target}"


def test_what_browsers_load_is_compressed(collected: Path) -> None:
    big = [path for path in hashed_files(collected, ".js") if path.stat().st_size > 2000]
    assert big
    for path in big:
        assert path.with_name(path.name + ".br").exists()
        assert path.with_name(path.name + ".gz").exists()


def test_minified_modules_keep_every_name_they_give(collected: Path) -> None:
    root = Path(settings.BASE_DIR) / "static"
    names = re.compile(r"export\s+(?:async\s+)?(?:function\*?|class|const|let)\s+(\w+)")
    for source in [
        path for folder in ("live", "widget", "console") for path in (root / folder).rglob("*.js")
    ]:
        name = PurePosixPath(source.relative_to(root)).as_posix()
        built = collected / staticfiles_storage.stored_name(name)
        assert names.findall(built.read_text()) == names.findall(source.read_text()), name


def test_collecting_happens_only_when_a_source_changed(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, ran = tmp_path / "source", []
    source.mkdir()
    (source / "a.css").write_text("a{}")
    settings.STATICFILES_DIRS = [source]
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    monkeypatch.setattr(staticfiles, "call_command", lambda name, **_: ran.append(name))
    assert staticfiles.collect_if_changed()
    assert not staticfiles.collect_if_changed()
    (source / "a.css").write_text("b{}")
    assert staticfiles.collect_if_changed()
    (source / "b.css").write_text("")
    assert staticfiles.collect_if_changed()
    (source / "b.css").unlink()
    assert staticfiles.collect_if_changed()
    assert not staticfiles.collect_if_changed()
    assert ran == ["collectstatic"] * 4
