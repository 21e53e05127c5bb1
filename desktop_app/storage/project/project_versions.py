"""The named versions of a project's set of conversations."""

from desktop_app.core.examples.conversation import Conversation
from desktop_app.storage.project import versions
from desktop_app.storage.project.project_file import ProjectFile
from desktop_app.storage.project.rows import Version, VersionChange


class ProjectVersions(ProjectFile):
    """The part of a project that remembers what the set once was.

    Each method that takes a version raises KeyError where it is not there.
    """

    def save_version(self, name: str) -> Version:
        """Keep the set as it is; where the newest version is just that, return it instead."""
        return versions.save_version(self._database, name, self._clock())

    def versions(self) -> list[Version]:
        """Return all versions, the newest first."""
        return versions.versions(self._database)

    def version_texts(self, version_id: int | None, id: int) -> Conversation | None:
        """Return a conversation as it was in a version (None: as it is); None if not in it."""
        return versions.version_texts(self._database, version_id, id)

    def compare(self, old_id: int, new_id: int | None) -> list[VersionChange]:
        """Return what happened from one version to another, or to now (None)."""
        return versions.compare(self._database, old_id, new_id)

    def restore_version(self, version_id: int) -> None:
        """Make the set what it was, as one step; what has come since goes into the bin."""
        versions.restore_version(self._database, version_id, self._clock())

    def delete_version(self, version_id: int) -> None:
        """Forget a version; no conversation changes. This is not undone."""
        versions.delete_version(self._database, version_id)
