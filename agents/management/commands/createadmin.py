"""Make the first real admin."""

import os
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import OperationalError, ProgrammingError
from django.utils import timezone

from agents.models import Agent, Language
from agents.operations import create_agent, make_first_roles
from agents.signin.backends import PASSWORD_MAX
from config.mail import own_spelling


class Command(BaseCommand):
    """Asks for what is missing; with --no-input the password comes from ADMIN_PASSWORD."""

    help = "Makes an admin who may do everything, and on a new installation the first roles."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--email")
        parser.add_argument("--name")
        parser.add_argument("--language", choices=Language.values, default=Language.TURKISH.value)
        parser.add_argument("--no-input", action="store_true", help="ask nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check everything, then make the account."""
        ask = not options["no_input"]
        email = own_spelling(options["email"] or (input("E-mail: ") if ask else ""))
        name = (options["name"] or (input("Display name: ") if ask else "")).strip()
        password = os.environ.get("ADMIN_PASSWORD", "")
        if ask and not password:
            password = getpass("Password: ")
            if getpass("Password again: ") != password:
                raise CommandError("The passwords differ.")
        try:
            validate_email(email)
            validate_password(password, Agent(email=email, name=name))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if not 0 < len(name) <= 80:
            raise CommandError("Give a display name of at most 80 characters.")
        if len(password) > PASSWORD_MAX:
            raise CommandError(f"Use at most {PASSWORD_MAX} characters.")
        try:
            is_taken = Agent.objects.filter(email=email).exists()
        except (OperationalError, ProgrammingError) as error:
            told = f"The database is not ready ({error}). Start the product once, or run: migrate"
            raise CommandError(told) from error
        if is_taken:
            raise CommandError("There is an agent with this e-mail.")
        create_agent(
            email=email,
            name=name,
            password=password,
            language=options["language"],
            now=timezone.now(),
            is_staff=True,
            is_superuser=True,
        )
        make_first_roles(language=options["language"])
        self.stdout.write(f"{email} may sign in and administer.")
