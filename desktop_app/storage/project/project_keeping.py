"""What is kept with the examples: what was found out about them, settings, jobs, documents."""

from array import array
from collections.abc import Iterable, Sequence

from desktop_app.core.jobs.job import JobEvent
from desktop_app.storage.project import documents, jobs
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.storage.project.project_file import ProjectFile
from desktop_app.storage.project.rows import Document, Review, Split, Uncounted


class ProjectKeeping(ProjectFile):
    """The part of a project that is not undone."""

    # Token counts

    def uncounted(self, encoding: str, limit: int) -> list[Uncounted]:
        """Return some conversations without a token count; none only if all are counted."""
        return self._token_counts.uncounted(encoding, limit)

    def store_counts(self, encoding: str, counts: Iterable[tuple[int, int, int]]) -> None:
        """Keep (id, revision, tokens); counts of what has changed meanwhile are dropped."""
        self._token_counts.store(encoding, counts)

    def token_counts(self, encoding: str, split: Split | None) -> "array[int]":
        """Return the token counts that are known."""
        return self._token_counts.of(encoding, split)

    # Reviews: what looking through the conversations found

    def unreviewed(self, limit: int) -> list[Uncounted]:
        """Return conversations that nobody looked through; none only if all are."""
        return self._reviews.unreviewed(limit)

    def store_reviews(self, reviews: Iterable[Review]) -> None:
        """Keep reviews; those of a text that has changed meanwhile are dropped."""
        self._reviews.store(reviews)

    def store_set_advice(self, code: str, ids: Sequence[int]) -> None:
        """Give these, and no others, advice that only the whole set gives."""
        self._reviews.store_set_advice(code, ids)

    def advice(self, id: int) -> tuple[str, ...]:
        """Return the kinds of advice that were found and not accepted."""
        return self._reviews.advice(id)

    # Settings, jobs, documents

    def setting(self, key: str, default: str = "") -> str:
        """Return what is kept under a key."""
        return documents.setting(self._database, key, default)

    def set_setting(self, key: str, value: str) -> None:
        """Keep a value."""
        documents.set_setting(self._database, key, value)

    def save_job(self, record: JobRecord) -> None:
        """Keep a job, in place of what was kept of the same submission."""
        jobs.save_job(self._database, record)

    def jobs(self) -> list[JobRecord]:
        """Return all jobs, the newest first."""
        return jobs.jobs(self._database)

    def delete_job(self, submission: str) -> None:
        """Forget a job and its events."""
        jobs.delete_job(self._database, submission)

    def add_events(self, submission: str, events: Sequence[JobEvent]) -> None:
        """Keep events of a job; those already known change nothing."""
        jobs.add_events(self._database, submission, events)

    def events(self, submission: str) -> list[JobEvent]:
        """Return the events of a job, the oldest first."""
        return jobs.events(self._database, submission)

    def save_document(self, kind: str, id: str, title: str, body: str) -> None:
        """Keep a text, in place of the one of the same kind and id."""
        documents.save_document(self._database, kind, id, title, body, self._clock())

    def documents(self, kind: str) -> list[Document]:
        """Return all texts of a kind, the newest first."""
        return documents.documents(self._database, kind)

    def delete_document(self, kind: str, id: str) -> None:
        """Remove a text."""
        documents.delete_document(self._database, kind, id)
