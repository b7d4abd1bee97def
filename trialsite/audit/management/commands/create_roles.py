"""``manage.py create_roles``: the four database roles on a server, before the first migrate."""

import os
from argparse import ArgumentParser
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.core.management.base import BaseCommand, CommandError
from psycopg import sql

from trialsite.audit.roles import database_statements, role_statements
from trialsite.audit.sql import OWNER_ROLE
from trialsite.environ import Environment


class Command(BaseCommand):
    """Make roles, schema and rights as the superuser of ADMIN_DATABASE_URL; again is harmless."""

    help = "Make the four database roles and prepare the database, as the superuser of ADMIN_DATABASE_URL."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the reporting role's password comes from."""
        parser.epilog = (
            "Exit code 1: an address or its password is missing [variable-missing]; the password's file cannot be "
            "read [file-unreadable]; PostgreSQL refused [create-roles]. Again is harmless."
        )
        parser.add_argument(
            "--report-password-file", default="", help="File with the password of the reporting role, if it signs in."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the statements."""
        env = Environment()
        admin_url = env.text("ADMIN_DATABASE_URL")
        if not admin_url:
            raise CommandError("ADMIN_DATABASE_URL names the database as superuser; it is not set. [variable-missing]")
        passwords = {
            "owner_password": _password(env, "OWNER_DATABASE_URL"),
            "app_password": _password(env, "DATABASE_URL"),
            "report_password": _file(options["report_password_file"]),
        }
        try:
            with psycopg.connect(admin_url, autocommit=True) as admin:
                for statement in role_statements(**passwords):
                    admin.execute(statement.encode())
                name = admin.info.dbname
                admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(*map(sql.Identifier, (name, OWNER_ROLE))))
                for statement in database_statements():
                    admin.execute(statement.encode())
        except psycopg.Error as error:
            raise CommandError(f"The roles could not be made: {' '.join(str(error).split())} [create-roles]") from error
        self.stdout.write(f"Roles and rights of database {name} are in place.")


def _password(env: Environment, variable: str) -> str:
    password = unquote(urlsplit(env.text(variable)).password or "")
    if not password:
        raise CommandError(f"{variable} must hold the password that its role is to get. [variable-missing]")
    return password


def _file(path: str) -> str:
    # Without a password of its own the reporting role cannot sign in by one: a random one is nobody's.
    if not path:
        return os.urandom(24).hex()
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}. [file-unreadable]") from error
