"""Secrets that are stored to be said again."""

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import FieldError
from django.db import connection, models
from django.db.models.functions import Cast
from django.test import RequestFactory
from django.test.utils import isolate_apps

from config.secrets import EncryptedField, Secret, WrongKey

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def box_class():
    """A model with a secret."""
    with isolate_apps("config"):

        class Box(models.Model):
            name = models.CharField(max_length=10)
            password = EncryptedField(help_text="Of the mail host.")

            class Meta:
                app_label = "config"

    return Box


@pytest.fixture
def box(box_class):
    """A stored row."""
    with connection.schema_editor() as editor:
        editor.create_model(box_class)
    try:
        yield box_class.objects.create(name="Posta", password="gizli şifre")
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(box_class)


def stored(box) -> str:
    """What the column holds."""
    raw = Cast("password", models.TextField())
    return type(box).objects.annotate(raw=raw).values_list("raw", flat=True).get()


def form_of(box, data=None):
    """The form of an administrator's page."""
    made = admin.ModelAdmin(type(box), admin.AdminSite()).get_form(RequestFactory().get("/"))
    return made(data, instance=box)


def test_a_secret_is_stored_encrypted_and_read_again(box):
    again = type(box).objects.get()
    assert again.password.reveal() == "gizli şifre"
    assert box.password.reveal() == "gizli şifre"
    assert "gizli" not in stored(box)
    type(box).objects.update(password="yeni")
    assert type(box).objects.get().password.reveal() == "yeni"
    again.save()
    assert type(box).objects.get().password.reveal() == "gizli şifre"


def test_nothing_is_no_secret(box):
    box.password = ""
    box.save()
    assert stored(box) == ""
    assert not type(box).objects.get().password
    assert type(box).objects.get().password.reveal() == ""


def test_a_secret_shows_in_no_log_and_no_template(box):
    assert "gizli" not in f"{box.password} {box.password!r}"


def test_nobody_searches_by_a_secret(box):
    with pytest.raises(FieldError):
        type(box).objects.filter(password="gizli şifre")


def test_an_earlier_key_still_opens_and_another_is_told(box, settings):
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [old]
    again = type(box).objects.get()
    assert again.password.reveal() == "gizli şifre"
    again.password = again.password.reveal()
    again.save()
    settings.SECRET_KEY_FALLBACKS = []
    assert type(box).objects.get().password.reveal() == "gizli şifre"
    settings.SECRET_KEY = "lost" * 20
    assert not again.password.is_readable()
    with pytest.raises(WrongKey):
        type(box).objects.get().password.reveal()


def test_what_is_no_secret_of_ours_is_told_as_well(box):
    with pytest.raises(WrongKey):
        Secret("plain text that somebody typed into the database").reveal()


def test_a_form_never_shows_the_secret_and_keeps_it_when_left_empty(box):
    shown = str(form_of(type(box).objects.get()))
    assert "gizli" not in shown
    assert stored(box) not in shown
    assert "Leave empty to keep it" in shown
    assert "Of the mail host." in shown
    form = form_of(type(box).objects.get(), {"name": "Kutu", "password": ""})
    assert form.is_valid()
    assert form.changed_data == ["name"]
    form.save()
    assert type(box).objects.get().password.reveal() == "gizli şifre"


def test_a_form_takes_a_new_secret_as_typed(box):
    form = form_of(box, {"name": "Posta", "password": " yeni "})
    assert form.is_valid()
    assert " yeni " not in str(form)
    form.save()
    assert type(box).objects.get().password.reveal() == " yeni "


def test_a_secret_under_another_key_breaks_no_page(box, settings):
    settings.SECRET_KEY = "lost" * 20
    shown = str(form_of(type(box).objects.get()))
    assert "Please enter it again" in shown
    form = form_of(type(box).objects.get(), {"name": "Posta", "password": "yeni"})
    form.save()
    assert type(box).objects.get().password.reveal() == "yeni"


def test_a_form_field_can_be_named_by_hand(box):
    class ByHand(forms.ModelForm):
        class Meta:
            model = type(box)
            fields = ["password"]

    assert "gizli" not in str(ByHand(instance=box))
