"""Names of repositories on a model hub: owner/name, and a revision where one is meant."""

import re
from dataclasses import dataclass

MAIN = "main"
_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_REVISION = re.compile(r"[A-Za-z0-9][\w./-]{0,99}", re.ASCII)


class HubNameError(ValueError):
    """This is no name of a repository; the text is meant for the user."""


@dataclass(frozen=True)
class HubName:
    """A repository at one of its revisions: a branch, a tag or a commit."""

    owner: str
    name: str
    revision: str = MAIN

    @staticmethod
    def of(text: str) -> "HubName":
        """Read owner/name or owner/name@revision. Raises HubNameError.

        Source of the rules: huggingface_hub, utils/_validators.py (`validate_repo_id`): letters,
        digits, '-', '_' and '.', none of '--' and '..', which makes `key` unambiguous.
        """
        name, at, revision = text.strip().partition("@")
        parts = name.split("/")
        odd = any(not _PART.fullmatch(part) or "--" in part or ".." in part for part in parts)
        if len(parts) != 2 or odd or name.endswith(".git"):
            raise HubNameError("A model on the hub is named owner/name, as in Qwen/Qwen3-0.6B.")
        if at and (not _REVISION.fullmatch(revision) or ".." in revision):
            raise HubNameError("What follows the @ must be a branch, a tag or a commit.")
        return HubName(parts[0], parts[1], revision or MAIN)

    @property
    def full(self) -> str:
        """The repository without its revision: owner/name."""
        return f"{self.owner}/{self.name}"

    @property
    def key(self) -> str:
        """One word for the repository, the same however its capitals are written."""
        return f"{self.owner}--{self.name}".lower()
