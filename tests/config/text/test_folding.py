"""Turkish words are found and sorted as Turks expect."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.text.folding import fold, sort_key

pytestmark = pytest.mark.once

TURKISH = "abcçdefgğhıijklmnoöprsştuüvyz"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IŞIK", "ışık"),
        ("ışık", "isik"),
        ("İADE", "iade"),
        ("i̇ade", "iade"),
        ("ÇÖĞÜŞ", "cogus"),
        ("KARGOM NEREDE", "kargom nerede"),
        ("naïve café", "NAIVE CAFE"),
        ("ﬁyat", "fiyat"),
        ("“Kart’ın” – a‑b", '"kart\'in" - a-b'),
    ],
)
def test_words_that_a_person_would_take_for_one_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@example("㎒")
@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=TURKISH + "İIĞÜŞÖÇ" + string.ascii_letters + " "))
def test_case_never_matters_in_either_language(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(text)


@given(st.text(alphabet=TURKISH + "İIĞÜŞÖÇ" + string.ascii_letters + string.digits + " "))
def test_turkish_text_folds_to_plain_letters_of_the_same_number(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert set(fold(text)) <= set(string.ascii_lowercase + string.digits + " ")


@given(st.text(), st.text())
def test_a_part_is_found_in_the_whole(head: str, tail: str) -> None:
    word = "Şikâyetİm"
    assert fold(word) in fold(f"{head} {word} {tail}")


def test_the_alphabet_sorts_in_its_own_order() -> None:
    assert sorted(TURKISH, key=sort_key) == list(TURKISH)
    upper = [letter.upper() if letter != "i" else "İ" for letter in TURKISH]
    assert sorted(upper, key=sort_key) == upper


def test_names_sort_as_in_a_turkish_phone_book() -> None:
    names = ["Çağla", "Cem", "Zeynep", "İrem", "Işıl", "Ömer", "Osman", "Şule", "Selin", "Ufuk"]
    assert sorted(names, key=sort_key) == [
        *("Cem", "Çağla", "Işıl", "İrem", "Osman", "Ömer", "Selin", "Şule", "Ufuk", "Zeynep")
    ]


def test_a_shorter_name_comes_first_and_spaces_before_letters() -> None:
    assert sorted(["Alican", "Ali Veli", "Ali"], key=sort_key) == ["Ali", "Ali Veli", "Alican"]


def test_spaces_come_before_digits_digits_before_letters_and_other_scripts_last() -> None:
    names = ["Яна", "Zeynep", "Ali9", "Ali 9", "10 Numara", "1 Numara", "Ali", "Żaneta"]
    assert sorted(names, key=sort_key) == [
        *("1 Numara", "10 Numara", "Ali", "Ali 9", "Ali9", "Żaneta", "Zeynep", "Яна")
    ]


@given(st.text(alphabet=TURKISH + "İIĞÜŞÖÇqwxéß²٣ " + string.ascii_letters + string.digits))
def test_keys_of_latin_names_are_digits_which_every_collation_sorts_alike(text: str) -> None:
    key = sort_key(text)
    assert set(key.replace("99ß", "")) <= set(string.digits)
    assert len(key.replace("99ß", "")) % 2 == 0


@given(st.text(alphabet=TURKISH, max_size=8), st.text(alphabet=TURKISH, max_size=8))
def test_keys_compare_letter_by_letter(one: str, other: str) -> None:
    ranks = [[TURKISH.index(letter) for letter in word] for word in (one, other)]
    assert (sort_key(one) < sort_key(other)) == (ranks[0] < ranks[1])


@given(st.text(alphabet=TURKISH + "İIĞÜŞÖÇ"))
def test_case_does_not_matter_for_order(text: str) -> None:
    lowered = "".join({"I": "ı", "İ": "i"}.get(letter, letter.lower()) for letter in text)
    assert sort_key(text) == sort_key(lowered)


@given(st.text())
def test_any_text_has_a_key_that_databases_can_hold(text: str) -> None:
    sort_key(text).encode("utf-8", "surrogatepass")
