"""The page of a rule as its user presses it, without a browser."""

from typing import Any

from django.test import Client
from django.urls import reverse

from automation.models import Rule
from tests.support.forms import fields_of

LIST = "/admin/automation/rule/"
NEW = f"{LIST}add/"


def address(rule: Rule) -> str:
    """Return where the page of a rule is."""
    return reverse("admin:automation_rule_change", args=[rule.pk])


def filled(response: Any) -> dict[str, str]:
    """Return what the fields of the page would send as they stand."""
    return fields_of(response.content.decode(), "rule")


def forms_of(sheet: Any) -> list[Any]:
    """Return the forms of conditions and actions, in the order of the page."""
    return [row.form for row in [*_rows(sheet.all), *_rows(sheet.any), *sheet.steps] if row.form]


def _rows(block: Any) -> list[Any]:
    return [each for row in block.rows for each in (row, *_rows(row))]


def press(client: Client, page: Any, act: str, url: str = NEW, **typed: str) -> Any:
    """Press a button of `page` with what stands in its fields, and what is typed besides.

    `typed` names fields as they are, with "__" for "-".
    """
    names = {name.replace("__", "-"): value for name, value in typed.items()}
    return client.post(url, filled(page) | names | {"act": act})
