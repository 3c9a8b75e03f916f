"""One table of refusals: every operation's own exceptions, in both languages."""

import inspect
from importlib import import_module

import pytest
from django.utils import translation

from chat import operations, refusals, rights
from chat.refusals import explain_refusal, explain_transfer, refusal_text

pytestmark = pytest.mark.once

# Never said to an agent: the widget answers them itself, they carry more than words, or a program
# that keeps to the form never meets them.
OTHERWISE = {
    "InvalidCanned",
    "InvalidDraft",
    "NobodyAvailable",
    "NotAllowed",
    "NotRateable",
    "NotSent",
    "OpenChats",
    "TooLate",
    "TooManyCanned",
    "WrongTeam",
}


def raised_by_operations() -> set[type[Exception]]:
    names = ("assignment", "conversations", "drafts", "joining", "ratings", "starting", "statuses")
    names += ("tags", "tickets", "transcripts", "transfers")
    modules = [import_module(f"{operations.__name__}.{name}") for name in names]
    return {
        each
        for module in [*modules, rights]
        for each in vars(module).values()
        if inspect.isclass(each)
        and issubclass(each, Exception)
        and each.__module__ == module.__name__
    }


def test_every_refusal_of_an_operation_stands_in_the_table() -> None:
    told = set(refusals._REFUSALS)
    assert {each.__name__ for each in raised_by_operations() - told} <= OTHERWISE
    assert set(refusals.TRANSFER_REFUSALS) <= told


@pytest.mark.parametrize("language", ["en", "tr"])
def test_a_refusal_has_words_in_both_languages(language: str) -> None:
    with translation.override(language):
        for error in refusals._REFUSALS:
            code, text = refusals._explain(refusals._REFUSALS[error])
            assert code
            assert text
            assert "{" not in text


def test_who_gets_a_chat_is_spoken_of_in_the_third_person() -> None:
    error = refusals.NotOnline()
    with translation.override("en"):
        assert explain_refusal(error) == ("not_online", "Go Online to take chats.")
        assert explain_transfer(error) == ("not_online", "This agent is not Online now.")
        assert refusal_text(refusals.TooManyTags()) == "A chat has at most 20 tags."
