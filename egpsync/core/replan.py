"""One planned change and the model as it is now in; the same change planned again out.

Apply asks before each request whether what was planned still holds, and after it whether the server holds it.
"""

from egpsync.core.change import Account, PlanOptions, plan_release, plan_update
from egpsync.core.diff import differences
from egpsync.core.maps import does_otherwise, without_stuck
from egpsync.core.match import Pair
from egpsync.core.names import Names
from egpsync.model.live import Live, LiveModel
from egpsync.model.manifest import State
from egpsync.model.plan import Change, FieldChange, Update
from egpsync.model.values import JsonMap
from egpsync.value import Value

NO_NAMES = Names(steps={}, given={}, freed={}, refusals=())


class Replanner(Value, frozen=True, kw_only=True):
    """Plans single changes again, with the options of the first plan."""

    options: PlanOptions

    def again(self, change: Change, live: LiveModel) -> tuple[Update | None, tuple[FieldChange, ...]]:
        """The update as it would be planned now, None where none is needed any more; and what differs now."""
        if change.desired is None:
            return None, ()
        account = Account(live=Live(models=(live,)), unmanaged=Live(models=()), names=NO_NAMES, options=self.options)
        pair = Pair(desired=change.desired, live=live, pinned=True)
        if change.desired.state == State.RELEASED:
            now = plan_release(change.desired, live)
        else:
            now = plan_update(pair, live, differences(change.desired, live), account)
        return next((step for step in now.steps if isinstance(step, Update)), None), now.fields

    def does_otherwise(self, body: JsonMap, before: LiveModel, after: LiveModel) -> str:
        """How the answer to an update shows that maps are not what the settings say, in words; "" where it does not."""
        return does_otherwise(self.options.map_semantics, body, before, after)

    def unsettled(self, change: Change, live: LiveModel, parts: frozenset[str]) -> tuple[FieldChange, ...]:
        """Which declared fields below the top-level `parts` the live model does not hold."""
        if change.desired is None:
            return ()
        fields, _ = without_stuck(live.vendor, differences(change.desired, live), self.options.map_semantics)
        return tuple(field for field in fields if field.path[0] in parts)
