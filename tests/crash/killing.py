"""kill -9 again and again: an emulator in a process of its own, and applies that are killed at random moments."""

import json
import random
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.samples import Shell
from tests.crash.samples import journals
from tests.workflow.samples import hosted, launch

EARLY = 0.1  # the share of kills that do not wait for the run's journal: they meet the start, the plan, or anything


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An account whose every round of manifests asks for so many changes of each kind."""

    updates: int
    redeploys: int
    renames: int
    creates: int  # and as many deletes, of those that the round before created

    @property
    def changes(self) -> int:
        """Of one round."""
        return self.updates + self.redeploys + self.renames + 2 * self.creates

    def held(self, number: int) -> list[dict[str, Any]]:
        """The models that the account holds after a round; after round 0 it is the seed."""
        return [
            *(hosted(f"meta-{i}", model_metadata={"round": number}) for i in range(self.updates)),
            *(launch(f"image-{i}", image={"tag": f"v{number}"}) for i in range(self.redeploys)),
            *(hosted(f"name-{i}-{number}") for i in range(self.renames)),
            *(hosted(f"made-{i}-{number}", model_metadata={"made": i}) for i in range(self.creates)),
        ]

    def wanted(self, number: int) -> list[dict[str, Any]]:
        """The manifests of a round."""
        renames = {f"name-{i}-{number}": f"name-{i}-{number - 1}" for i in range(self.renames)}
        gone = [f"made-{i}-{number - 1}" for i in range(self.creates)]
        return [
            *(
                {**one, "renamed_from": renames[one["name"]]} if one["name"] in renames else one
                for one in self.held(number)
            ),
            *({"name": name, "model_vendor": "openai", "state": "absent"} for name in gone),
        ]


@dataclass(kw_only=True)
class Killing:
    """A series of applies, and all that their journals ever held."""

    shell: Shell
    url: str
    world: World
    random: random.Random
    kills: int = 0
    runs: int = 0
    rounds: int = 0
    kept: dict[Path, bytes] = field(default_factory=dict)

    def go_on_until(self, kills: int, within: float) -> None:
        """Round after round, each applied until a run comes to its end by itself; the last one after enough kills."""
        while self.kills < kills:
            self.rounds += 1
            self.shell.wants(*self.world.wanted(self.rounds))
            while not self._applied(within if self.kills < kills else None):
                pass
            assert self._holds() == {one["name"]: one for one in map(_essence, self.world.held(self.rounds))}

    def check(self) -> None:
        """No write acted without its intent on disk, and none of those that must not acted twice."""
        acted = [entry for entry in self._ask("log")["requests"] if entry["acted"] and entry["method"] != "GET"]
        intents = Counter(_request(line) for text in self.kept.values() for line in _lines(text, "intent"))
        assert Counter(map(_request, acted)) - intents == Counter()
        created = Counter(entry["body"]["name"] for entry in acted if entry["method"] == "POST")
        assert set(created.values()) == {1}
        assert len(created) == self.rounds * self.world.creates

    def _applied(self, within: float | None) -> bool:
        """Apply once; whether it came to its end before it was killed, at a random moment `within` seconds."""
        self.runs += 1
        before = len(self.kept)
        with self.shell.start("apply", "--yes", "-q", stdout=subprocess.DEVNULL) as process:
            if within is not None:
                early = self.random.random() < EARLY
                _await(lambda: early or process.poll() is not None or len(self._journals()) > before)
                time.sleep(self.random.uniform(0, 1.0 if early else within))
                process.kill()
            _, err = process.communicate()
        self._keep()
        killed = process.returncode == -9
        self.kills += killed
        assert killed or process.returncode == 0, err
        return not killed

    def _journals(self) -> set[Path]:
        return {*self.kept, *journals(self.shell.environ["EGPSYNC_STATE_DIR"])}

    def _keep(self) -> None:
        """Take over what the journals hold; what they held before must still be how they begin."""
        for file in journals(self.shell.environ["EGPSYNC_STATE_DIR"]):
            text = file.read_bytes()
            assert text.startswith(self.kept.get(file, b""))
            self.kept[file] = text

    def _holds(self) -> dict[str, Any]:
        return {one["name"]: _essence(one) for one in self._ask("state")["accounts"][""]}

    def _ask(self, what: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/_emulator/{what}") as answer:
            return json.load(answer)


@contextmanager
def killing(shell: Shell, world: World, seed: int) -> Iterator[Killing]:
    """Begin with an account as it is after round 0."""
    shell.file("seed.json", json.dumps({"models": world.held(0)}))
    shell.environ |= {"EGPSYNC_LIMIT_COUNT": "9999", "EGPSYNC_POLL": "0.05"}
    options = ("--port", "0", "--seed", "seed.json", "--deploy-seconds", "0.05", "--latency", "0.002")
    command = [sys.executable, "-m", "egpsync", "emulator", *options]
    with subprocess.Popen(command, cwd=shell.folder, env=shell.environ, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split()[5]
            shell.environ["SGP_CLIENT_BASE_URL"] = url
            yield Killing(shell=shell, url=url, world=world, random=random.Random(seed))
        finally:
            server.terminate()


def _essence(model: dict[str, Any]) -> dict[str, Any]:
    """What the rounds change of a model."""
    metadata = {key: value for key, value in (model.get("model_metadata") or {}).items() if key != "egpsync"}
    image = (model.get("vendor_configuration") or {}).get("model_image", {})
    return {"name": model["name"], "metadata": metadata, "tag": image.get("tag")}


def _request(line: dict[str, Any]) -> tuple[str, str, str]:
    return line["method"], line["path"], json.dumps(line["body"], sort_keys=True)


def _lines(text: bytes, event: str) -> Iterator[dict[str, Any]]:
    """The lines of one kind; the last one of a journal may be cut."""
    for line in text.split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if value["event"] == event:
            yield value


def _await(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.002)
