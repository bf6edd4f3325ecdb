"""What POST, PATCH and DELETE do to the store: a body's shape in, the model's record out, or a Refusal."""

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import assert_never

from egpsync.emulator import bodies
from egpsync.emulator.configuration import DEPLOYED, Fields, completed, free_form, patched
from egpsync.emulator.refusal import Refusal
from egpsync.emulator.store import Deployment, Record, Store, deployed
from egpsync.emulator.switches import Switches


class Rules:
    """The API's rules over one store, as the switches have them."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches

    def create(self, account: str, body: bodies.CreateRequest) -> Record:
        """Create a model, or update the one of that name where the body says so."""
        fields = body.model_dump(exclude_unset=True, exclude={"on_conflict"})
        fields |= {"model_vendor": body.model_vendor, "model_type": body.model_type}
        vendor = body.model_vendor
        if vendor not in DEPLOYED and not self._switches.hosted:
            raise Refusal(400, f"Models of the vendor {vendor} cannot be created in this account")
        fields["vendor_configuration"] = completed(vendor, fields.get("vendor_configuration"), switches=self._switches)
        if fields.get("model_metadata") is None:
            fields.pop("model_metadata", None)
        taken = self._named(account, vendor, body.name)
        if taken is None:
            deployment = self._deployment(fields) if vendor in DEPLOYED else None
            return self._found(account, self._store.add(fields, account=account, deployment=deployment))
        if body.on_conflict == "error":
            raise Refusal(self._switches.taken_status, f"A model named {body.name!r} already exists for {vendor}")
        self._refuse_deploying(taken)
        return self._put(account, self._redeployed(taken, fields) if vendor in DEPLOYED else _with(taken, fields))

    def update(self, account: str, model_id: str, body: bodies.PatchRequest) -> Record:
        """Change a model's metadata, its configuration, or its name."""
        record = self._found(account, model_id)
        self._refuse_deploying(record)
        match body:
            case bodies.DefaultModelPatchRequest():
                return self._put(account, _with(record, self._metadata(record, body)))
            case bodies.ModelConfigurationPatchRequest():
                return self._put(account, self._reconfigured(record, body))
            case bodies.SwapNamesModelPatchRequest():
                return self._renamed(account, record, body)
            case _:
                assert_never(body)

    def delete(self, account: str, model_id: str) -> Fields:
        """Delete a model for good."""
        self._refuse_deploying(self._found(account, model_id))
        self._store.remove(model_id, account=account)
        return {"id": model_id, "object": "model", "deleted": True}

    def _metadata(
        self, record: Record, body: bodies.DefaultModelPatchRequest | bodies.ModelConfigurationPatchRequest
    ) -> Fields:
        if "model_metadata" not in body.model_fields_set:
            return {}
        if body.model_metadata is None:
            return {} if self._switches.nulls == "keep" else {"model_metadata": None}
        stored = record.fields.get("model_metadata")
        return {"model_metadata": free_form(stored, body.model_metadata, switches=self._switches)}

    def _reconfigured(self, record: Record, body: bodies.ModelConfigurationPatchRequest) -> Record:
        vendor = record.fields["model_vendor"]
        if vendor not in DEPLOYED:
            raise Refusal(400, f"Models of the vendor {vendor} have no configuration to update")
        partial = body.vendor_configuration.model_dump(exclude_unset=True)
        shape = (
            "launch" if isinstance(body.vendor_configuration, bodies.PartialLaunchVendorConfiguration) else "llmengine"
        )
        if partial and shape != vendor:
            raise Refusal(400, f"The configuration is one of {shape}, and the model's vendor is {vendor}")
        stored = record.fields.get("vendor_configuration")
        configuration = patched(vendor, stored, partial, switches=self._switches)
        return self._redeployed(record, {"vendor_configuration": configuration, **self._metadata(record, body)})

    def _renamed(self, account: str, record: Record, body: bodies.SwapNamesModelPatchRequest) -> Record:
        holder = self._named(account, record.fields["model_vendor"], body.name)
        renamed = _with(record, {"name": body.name})
        if holder is None or holder.id == record.id:
            return self._put(account, renamed)
        if body.on_conflict == "error":
            raise Refusal(self._switches.taken_status, f"The name {body.name!r} is taken by the model {holder.id}")
        self._refuse_deploying(holder)
        self._store.put(renamed, _with(holder, {"name": record.fields["name"]}), account=account)
        return renamed

    def _redeployed(self, record: Record, changes: Fields) -> Record:
        changed = _with(record, changes)
        return deployed(changed, self._deployment(changed.fields))

    def _deployment(self, fields: Fields) -> Deployment:
        ends_at = self._store.clock() + self._switches.deploy_seconds
        outcome = self._outcome(fields)
        return Deployment(
            ends_at=ends_at,
            outcome=outcome,
            reason={"failed": self._switches.failure_reason, "deployment_timeout": "The deployment took too long"}.get(
                outcome
            ),
        )

    def _outcome(self, fields: Fields) -> str:
        if _matches(fields["name"], self._switches.time_out_names):
            return "deployment_timeout"
        failing = _matches(fields["name"], self._switches.fail_names)
        return "failed" if failing or _matches(_tag(fields), self._switches.fail_tags) else "ready"

    def _refuse_deploying(self, record: Record) -> None:
        if record.deployment:
            status = self._switches.deploying_status
            raise Refusal(status, f"The model {record.fields['name']!r} is deploying; try again when it is done")

    def _named(self, account: str, vendor: str, name: str) -> Record | None:
        wanted = (vendor, name)
        records = self._store.records(account)
        return next((one for one in records if (one.fields["model_vendor"], one.fields["name"]) == wanted), None)

    def _found(self, account: str, model_id: str) -> Record:
        record = self._store.record(model_id, account)
        if record is None:
            raise unknown(model_id)
        return record

    def _put(self, account: str, record: Record) -> Record:
        self._store.put(record, account=account)
        return record


def unknown(model_id: str) -> Refusal:
    """The 404 of a model."""
    return Refusal(404, f"Model {model_id} not found")


def _with(record: Record, changes: Fields) -> Record:
    return replace(record, fields={**record.fields, **changes})


def _tag(fields: Fields) -> str:
    configuration = fields.get("vendor_configuration") or {}
    image = configuration.get("model_image") or {}
    return str(image.get("tag") or configuration.get("inference_framework_image_tag") or "")


def _matches(text: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, glob) for glob in globs)
