"""Why a job was not created, and why one failed, in plain words with what to do about it."""

import re

from PySide6.QtCore import QCoreApplication

from desktop_app.core.jobs.job import JobError
from desktop_app.core.jobs.limits import LEAST_EXAMPLES
from desktop_app.provider.provider import ErrorKind, ProviderError
from desktop_app.state.connections.provider_texts import describe
from desktop_app.state.jobs.submission import (
    FileTooLargeError,
    MovedError,
    NotKeptError,
    NotSentError,
    TooFewExamplesError,
)
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind

MEGABYTE = 1_000_000


def refusal(error: object) -> str:
    """Return why nothing was created: a plain sentence, then the details on lines of their own."""
    if isinstance(error, NotSentError):
        error = error.error
    if isinstance(error, ProviderError):
        text, detail = describe(error)
        if error.kind == ErrorKind.TRAINING_CLOSED:
            text = _closed()
        return f"{text}\n{detail}" if detail else text
    if isinstance(error, TooFewExamplesError):
        return _tr(
            "Training needs at least {least} examples; there are {n}. Write or import more."
        ).format(least=LEAST_EXAMPLES, n=error.count)
    if isinstance(error, FileTooLargeError):
        return _tr(
            "The file has {size} MB and the service takes {limit} MB. Train on fewer examples."
        ).format(size=-(-error.size // MEGABYTE), limit=error.limit // MEGABYTE)
    if isinstance(error, MovedError):
        return _tr(
            "The connection was removed or given another address while the job was being sent. "
            "Nothing was created; start it anew."
        )
    if isinstance(error, NotKeptError):
        return _tr(
            "The project file cannot be written, and nothing is sent that could not be found "
            "again. Check the disk: it may be full or unplugged."
        )
    return _not_written(error)


def failure(error: JobError | None) -> str:
    """Return why a job that had been created failed, as far as that is known."""
    code, message = (error.code or "", error.message or "") if error else ("", "")
    for pattern, text in _failures():
        if re.search(pattern, f"{code} {message}", re.IGNORECASE):
            return text
    return _tr("The service gave up on this job. Its reason stands below, as it came.")


def _closed() -> str:
    return _tr(
        "The service is closing fine-tuning and takes no more jobs from this organisation. "
        "Nothing was created and nothing is charged, but the files had been uploaded before the "
        "service said so. Delete them there if they should not stay, and train on this computer "
        "or at another service."
    )


def _not_written(error: object) -> str:
    no_space = isinstance(error, OSError) and error.errno == 28
    if no_space or (isinstance(error, ProjectError) and error.kind == ProjectErrorKind.NO_SPACE):
        return _tr("There is no space left on the disk. Make room, then try again.")
    if isinstance(error, ProjectError | OSError):
        detail = error.detail if isinstance(error, ProjectError) else error.strerror or ""
        text = _tr("The files to be sent could not be written. Nothing was sent.")
        return f"{text}\n{detail}".strip()
    return _tr("Something went wrong in the program before the job was created.")


def _failures() -> list[tuple[str, str]]:
    """What is known of reasons, by the stable part of code or message; the wording changes."""
    return [
        (
            r"invalid_n_examples|at least \d+ examples",
            _tr("There were too few examples. Write or import more, then start a new job."),
        ),
        (
            r"moderation|usage policies|unsafe_file",
            _tr(
                "The service found too many examples that break its rules on content. Its words "
                "below say which kind. Change or remove those examples, then start a new job."
            ),
        ),
        (
            r"invalid token|invalid_file_format|invalid_training_file|invalid file format",
            _tr(
                "The service could not read the examples as they were sent. Its words below may "
                "name the example. Mend it under Examples, then start a new job."
            ),
        ),
        (
            r"insufficient_quota|exceeded your current quota|credit",
            _tr("The account has no credit left. Add credit, then start a new job."),
        ),
        (
            r"memory",
            _tr(
                "There was not enough memory. Close other programs, or set a smaller batch size, "
                "then start a new job."
            ),
        ),
        (
            r"server_error|internal error",
            _tr("Something failed at the service. The same job may go through if sent again."),
        ),
    ]


def _tr(text: str) -> str:
    return QCoreApplication.translate("job_refusals", text)
