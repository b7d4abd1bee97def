"""Error codes: what must hold and what to do. PURE.

Every room declares the codes it ends its sentences with; ``docs/reference/errors.md`` is written from the
declarations, and a test compares them with the sources.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """A code: the rule that was broken, and what to do about it."""

    code: str
    holds: str
    remedy: str


@dataclass(frozen=True)
class Section:
    """Codes that one kind of reader meets; ``rooms`` are the folders and files whose sentences end with them."""

    title: str
    meaning: str
    rooms: tuple[str, ...]
    codes: tuple[Code, ...]


START = Section(
    "Starting",
    "A process ends with exit code 1 and the sentence, before it does anything. Every variable is in "
    "[settings](settings.md).",
    ("trialsite/environ.py", "trialsite/checks.py", "trialsite/devservices/"),
    (
        Code("variable-missing", "DATABASE_URL is set outside development.", "Set it."),
        Code("variable-database", "An address is `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`.", "Correct it."),
        Code("variable-flag", "A flag is 0 or 1.", "Correct it."),
        Code("variable-number", "A number is whole and above zero.", "Correct it."),
        Code("variable-stage", "TRIALSITE_ENV is development, test or production.", "Correct it."),
        Code("variable-twice", "NAME or NAME_FILE is set, not both.", "Unset one."),
        Code("variable-file", "NAME_FILE names a file that can be read.", "Correct the path, or the file's rights."),
        Code("variable-undeclared", "The code reads declared variables only.", "Declare it in trialsite/environ.py."),
        Code(
            "raw-served",
            "RAW_STORE lies outside STATIC_ROOT, whose files are served to everybody.",
            "Set one of the two to another folder.",
        ),
        Code("production-missing", "In production every needed variable is set.", "Set the one that is named."),
        Code("production-debug", "DEBUG is off in production.", "Unset it."),
        Code("production-secret", "SECRET_KEY is random and has 50 characters or more.", "Make a new one."),
        Code(
            "production-role",
            "The server's database role is neither superuser nor owner, and may not change the schema.",
            "Give DATABASE_URL the role trialsite_app.",
        ),
        Code("no-postgresql", "PostgreSQL is installed for the private services.", "Run make, or set DATABASE_URL."),
        Code("no-broker", "Redis or Valkey is installed for the private services.", "Run make, or set REDIS_URL."),
        Code("no-account", "An ordinary account runs PostgreSQL.", "Start as an ordinary user, or set DATABASE_URL."),
        Code("initdb", "A private cluster can be made.", "The message holds the end of what initdb said."),
        Code("postgresql-start", "The private PostgreSQL starts.", "The message holds the end of its log."),
        Code("broker-start", "The private broker starts.", "The message holds the end of its log."),
        Code("folder-owner", "The folder of the private services belongs to this account.", "Remove the folder."),
        Code("var-not-writable", "The folder var of the clone is writable.", "Correct its rights."),
        Code(
            "services-start",
            "The private services can be started: disk, rights and programs suffice.",
            "Mend what the message names.",
        ),
        Code(
            "services-database",
            "The private database can be prepared.",
            "See the end of the log that is named; without its folder the next start begins with an empty one.",
        ),
        Code(
            "passwords-damaged",
            "The file with the private database's passwords can be read.",
            "Remove the folder that is named (its data are lost), or set DATABASE_URL.",
        ),
        Code(
            "services-held",
            "One command holds the private services of a clone; others join it.",
            "Stop the other command, or wait until it is ready.",
        ),
    ),
)
AUDIT = Section(
    "Audit trail",
    "The database refuses, whatever program writes; [the audit trail](audit.md) tells more.",
    ("trialsite/audit/", "trialsite/isolation/"),
    (
        Code("no-actor", "A write has an actor.", "Sign in; in code use `acting(actor=..., reason=...)`."),
        Code("no-reason", "A change or deletion has a reason.", "Give it."),
        Code("key-change", "A primary key does not change.", "Enter a new row."),
        Code("append-only", "Rows that are never changed are not changed.", "Enter a correction as a new row."),
        Code("no-truncate", "No table is emptied.", "Delete rows, with a reason, where that is allowed."),
        Code("audit-only", "Events are written by the triggers alone.", "Leave the trail alone."),
        Code(
            "audit-batch",
            "Inserts recorded in batches have no arrays, and share only columns whose equal values are the same.",
            "Keep typed events, or share other columns. Met in a migration.",
        ),
        Code("audit-key", "An audited table has a primary key of one column.", "Change the model. Met in a migration."),
        Code("migration-operation", "An operation gives its statements.", "Complete the class. Met in a migration."),
        Code("session-setting", "A session setting begins with `trialsite.`.", "Rename it. Met in code."),
    ),
)
ACCOUNTS = Section(
    "Records",
    "",
    ("trialsite/accounts/models.py",),
    (Code("account-delete", "An account is never deleted: the audit trail names it.", "Deactivate it."),),
)
JOBS = Section(
    "Jobs",
    "In the error of a job (Oversight > Jobs).",
    ("trialsite/jobs/",),
    (
        Code(
            "job-kind", "An installed app handles the job's kind.", "Deploy the version that knows it; retry the job."
        ),
        Code(
            "job-died",
            "A worker survives one of the attempts.",
            "See the workers' logs: memory, time limit; retry the job.",
        ),
        Code(
            "job-fenced",
            "An attempt ends within its lease; a later attempt has the job.",
            "Nothing: nothing of the earlier attempt is stored.",
        ),
    ),
)
COMMANDS = Section(
    "Commands",
    "At the end of the sentence on standard error; the exit code is 1. [Commands](commands.md) says which command ends "
    "with which. An import can also end with the codes above, any command with those of *Starting*.",
    ("trialsite/accounts/management/", "trialsite/audit/management/", "trialsite/exports/"),
    (
        Code("unknown-user", "The user exists and is active.", "Correct the name."),
        Code("token-days", "A token lives 1 to 366 days.", "Correct --days."),
        Code("unknown-table", "The table is under audit.", "Correct --table."),
        Code(
            "audit-differs",
            "The audit trail explains every row.",
            "Find out who could write as owner or superuser; see the how-to page of the audit trail.",
        ),
        Code(
            "unhealthy",
            "The web server answers, and reaches its database.",
            "See the server's log, and whether PostgreSQL runs.",
        ),
        Code("variable-missing", "`create_roles` finds the addresses of all roles.", "Set the variable that is named."),
        Code("create-roles", "PostgreSQL makes the roles.", "The message holds PostgreSQL's own words."),
        Code("file-unreadable", "The password's file can be read.", "Correct the path, or the file's rights."),
        Code("export-format", "A file is CSV or Parquet.", "Give csv or parquet, or an ending .csv or .parquet."),
        Code("export-target", "The folder can be written to and the disk has room.", "Choose another folder."),
        Code("export-column", "A dataset has the columns of its description.", "A program's fault: report it."),
        Code("export-type", "A column holds what its type can.", "A program's fault: report it."),
    ),
)
SECTIONS = (START, AUDIT, ACCOUNTS, JOBS, COMMANDS)
