"""Where a change is reviewed: a forge, and a pull or merge request of it."""

from enum import StrEnum

from egpsync.value import Value


class Forge(StrEnum):
    """Whose API it is."""

    GITHUB = "github"
    GITLAB = "gitlab"


class Place(Value, frozen=True, kw_only=True):
    """One pull or merge request, and who writes there."""

    forge: Forge
    api_url: str  # without a slash at the end
    project: str  # "owner/repository" on GitHub, the number or escaped path on GitLab
    number: int  # of the pull or merge request
    token: str  # a secret

    def __repr__(self) -> str:
        return f"Place({self.forge.value}, {self.project}, {self.number})"
