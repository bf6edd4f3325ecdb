"""How the emulator behaves where the platform's behaviour is not documented or is to be slowed: one frozen value."""

from dataclasses import dataclass
from typing import Literal

RetryAfter = Literal["seconds", "date", "milliseconds", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """Every switch of the emulator, with the likeliest behaviour as its default."""

    base_path: str = ""  # what stands before /v5, such as "/public"
    api_key: str | None = None  # None: any key that is not empty
    accounts: tuple[str, ...] = ()  # the account ids that are let in; empty: all, and none given
    one_account: bool = False  # whatever account is asked for, the default one answers

    bodies: Literal["lenient", "strict"] = "lenient"  # what no body knows: silently dropped, or 422
    other_keys: Literal["drop", "keep"] = "drop"  # undocumented keys of an llmengine's PATCH, from a lenient server
    maps: Literal["replace", "merge"] = "replace"  # a free-form map in a PATCH: replaces, or is merged key by key
    nulls: Literal["unset", "keep"] = "unset"  # null for an optional field: unsets it, or keeps what is stored
    ignored: tuple[str, ...] = ()  # paths in the configuration that a PATCH accepts and drops: "model_infra.cpus"
    respell: bool = False  # quantities come back in another spelling: 8Gi as 8192Mi, cpus 3 as "3"
    hosted: bool = True  # hosted vendors can be created
    deploying_status: int = 409  # answers a change of a model that is deploying
    taken_status: int = 400  # answers a name that is taken

    deploy_seconds: float = 0.2  # from the request to ready or failed
    fail_names: tuple[str, ...] = ()  # globs of model names whose deployments fail
    fail_tags: tuple[str, ...] = ()  # globs of image tags whose deployments fail
    time_out_names: tuple[str, ...] = ()  # globs of model names whose deployments end in deployment_timeout
    failure_reason: str = "The image could not be pulled"  # status_reason of a failed deployment

    latency: float = 0.0  # seconds before each request is looked at
    rate: float = 0.0  # requests per second before 429; 0: no limit
    retry_after: RetryAfter = "seconds"  # how a 429 of that limit says when to come again
    stale_seconds: float = 0.0  # for so long after a write, reads still answer what was there before
    page_cap: int = 1000  # a page holds no more models than this, whatever its limit says
