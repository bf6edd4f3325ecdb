"""A Report in, one self-contained page out: it asks nothing of anyone, and shows its models by a script of its own."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any

from egpsync.model.manifest import Problem
from egpsync.model.plan import Capacity, Refusal
from egpsync.model.record import ChangeRecord, FieldRecord
from egpsync.model.report import Report
from egpsync.model.values import Source
from egpsync.report.alike import ending_call
from egpsync.report.escape import html, inert, uri_path, visible
from egpsync.report.findings import repository_path
from egpsync.report.fold import fold, fold_pair
from egpsync.report.style import Style
from egpsync.report.words import (
    OUTCOME_WORDS,
    WENT_WRONG,
    action_word,
    capacity_in_use,
    carried_out,
    compared,
    dotted,
    effect_and_reason,
    error_lines,
    errors,
    grown,
    in_order,
    is_of_this_change,
    next_steps,
    plural,
    request_line,
    summary_lines,
    urgency,
    values_shown,
    verdict,
)

MOST_FINDINGS = 1_000
"""Problems, and again refusals, that the page lists; how many more there are is said."""

BODIES = 12_000_000
"""Characters of request bodies that the page carries, those of the riskiest changes first."""

_MOST_OPEN = 300  # models that one press unfolds
_VALUE = 4_000  # characters of one value
_TEXT = 4_000  # characters of a sentence
_COLUMNS = {"drift": ("In the account", "In the manifests"), "plan": ("Now", "Then"), "revert": ("Now", "Then")}
_LONG_BAR = 600  # units that the whole run has on its timeline
_BAR = 240  # units that the widest bar of the chart has


def to_html(report: Report, _style: Style) -> str:
    """The page: verdict, findings, GPUs and counts as HTML, the models as data that the script shows when asked."""
    return page([report])


def page(reports: Sequence[Report]) -> str:
    """One page of the reports of one command, as of several targets: a head for each, the models together."""
    css, script = (_file(name) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; script-src '{_hash_of(script)}'; style-src '{_hash_of(css)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    title = html(f"egpsync {reports[0].kind}: {', '.join(map(verdict, reports))}")
    parts = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">',
        f'<link rel="icon" href="data:,">\n<title>{title}</title>\n<style>{css}</style>\n</head>\n<body>',
        *_header(reports),
        "<main>",
        *(line for report in reports for line in _body(report, named=len(reports) > 1)),
        *_tools(reports),
        "</main>",
        _footer(reports),
        '<p id="said" class="aside" role="status"></p>',
        f'<script type="application/json" id="report">{_data(reports)}</script>',
        f"<script>{script}</script>\n</body>\n</html>",
    )
    return inert("\n".join(parts) + "\n")


def _body(report: Report, *, named: bool) -> Iterator[str]:
    found = [*_findings(report), *_gpus(capacity_in_use(report)), *_timeline(report)]
    if named and found:
        yield f"<h2>{_text(_label(report))}</h2>"
    yield from found


def _label(report: Report) -> str:
    """What tells a report from others on its page."""
    return report.target_name or report.account_id or report.base_url or "default account"


def _file(name: str) -> str:
    return files("egpsync.report").joinpath(name).read_text(encoding="utf-8")


def _hash_of(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _header(reports: Sequence[Report]) -> Iterator[str]:
    yield '<header>\n<a class="aside skip" href="#list">To the models</a>'
    if len(reports) > 1:
        yield f"<h1>egpsync {reports[0].kind} of {plural(len(reports), 'target')}</h1>"
    for report in reports:
        yield from _head(report, heading="h2" if len(reports) > 1 else "h1")
    yield "</header>"


def _head(report: Report, *, heading: str) -> Iterator[str]:
    yield f'<div class="verdict {_tone(report)}">\n<p class="eyebrow">egpsync {report.kind}</p>'
    yield f"<{heading}>{_sentence(verdict(report))}</{heading}>"
    yield f'<p class="where">{_where(report)}</p>\n</div>' if report.base_url is not None else "</div>"
    if report.error is not None:
        said = "".join(f"<p>{_text(text)}</p>" for text in error_lines(report.error))
        yield f'<div class="panel bad">{said}</div>'
    for text in report.notes:
        yield f'<p class="panel note">{_text(text)}</p>'
    totals = [] if report.error is not None else summary_lines(report)
    for text in (*totals, *next_steps(report)):
        yield f"<p>{_with_code(text)}</p>"


def _tone(report: Report) -> str:
    if report.errored:
        return "bad"
    good = report.complete if carried_out(report) else in_order(report)
    return "good" if good else "busy"


def _text(text: str) -> str:
    return html(fold(text, _TEXT))


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>"


def _sentence(text: str) -> str:
    return html(f"{text[:1].upper()}{text[1:]}")


def _with_code(text: str) -> str:
    """A sentence of ours, in which commands stand between backticks."""
    pieces = html(text).split("`")
    return "".join(f"<code>{piece}</code>" if at % 2 else piece for at, piece in enumerate(pieces))


def _where(report: Report) -> str:
    account = f"account <code>{html(report.account_id)}</code>" if report.account_id else "default account"
    name = f", target <code>{html(report.target_name)}</code>" if report.target_name else ""
    return f"{_code(report.base_url or '')}, {account}{name}"


def _findings(report: Report) -> Iterator[str]:
    refusals = [_refusal(report, refusal) for refusal in report.refusals[:MOST_FINDINGS]]
    problems = [_problem(report, problem) for problem in report.problems[:MOST_FINDINGS]]
    yield from _list_of("Refused", "bad", refusals, len(report.refusals))
    yield from _list_of("Problems", "bad" if errors(report) else "note", problems, len(report.problems))


def _list_of(title: str, tone: str, items: Sequence[str], found: int) -> Iterator[str]:
    if not items:
        return
    body = "".join(f"\n<li>{item}</li>" for item in items)
    yield f'<section class="panel {tone}" aria-label="{title}"><h2>{title}</h2>'
    yield f'<ul class="findings">{body}\n</ul>'
    if found > len(items):
        yield f"<p>{found - len(items):,} more not shown: see the JSON report.</p>"
    yield "</section>"


def _refusal(report: Report, refusal: Refusal) -> str:
    model = f" {_code(refusal.model[1])} ({html(refusal.model[0])}):" if refusal.model else ""
    at = f" {_link(report, refusal.source)}" if refusal.source else ""
    consent = f'<div class="more">To go on: {_code(refusal.consent)}</div>' if refusal.consent else ""
    what = f'<span class="tag error">{html(refusal.guard)}</span>{model} {_text(refusal.message)}'
    return f'<div class="what">{what}{at}</div>{consent}'


def _problem(report: Report, problem: Problem) -> str:
    severity = problem.severity.value
    more = [f"{_link(report, problem.source)} {_code(problem.rule)}"]
    more += [f"Expected: {_text(problem.expected)}"] if problem.expected else []
    more += [f"Did you mean {_code(problem.suggestion)}?"] if problem.suggestion else []
    more += [f"See also {_link(report, problem.related)}"] if problem.related else []
    said = f'<div class="what"><span class="tag {severity}">{severity}</span> {_text(problem.message)}</div>'
    excerpt = f'<pre tabindex="0">{_text(problem.excerpt)}</pre>' if problem.excerpt else ""
    return said + "".join(f'<div class="more">{text}</div>' for text in more) + excerpt


def _link(report: Report, source: Source) -> str:
    text, url = _place(report, source)
    text = f"<code>{html(text)}</code>"
    return f'<a rel="noreferrer" href="{html(url).replace(chr(34), "&quot;")}">{text}</a>' if url else text


def _place(report: Report, source: Source) -> tuple[str, str | None]:
    """`file:line`, and where people read it."""
    path, shown = repository_path(report, source), fold(visible(f"{source.file}:{source.line}"), _TEXT)
    url = (report.repository_url or "").rstrip("/")
    if not url.startswith(("https://", "http://")) or path.startswith(("/", "..")):
        return shown, None
    host = url.split("/")[2]
    blob = "-/blob" if "gitlab" in host else "src" if "bitbucket" in host else "blob"
    line = f"#lines-{source.line}" if "bitbucket" in host else f"#L{source.line}"
    return shown, f"{visible(url)}/{blob}/{uri_path(visible(report.revision))}/{uri_path(path)}{line}"


def _gpus(rows: Sequence[tuple[str, Capacity]]) -> Iterator[str]:
    """A row a type: what it takes at least and at most, before and after, as figures and as two bars."""
    if not rows:
        return
    widest = max(max(at.maximum_before, at.maximum_after) for _, at in rows) or 1
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Type", "At min workers", "At max workers"))
    yield '<section class="panel" aria-label="GPUs">\n<table class="gpus">'
    yield "<caption>GPUs of all models of the account, before and after</caption>"
    yield f'<thead><tr>{heads}<td class="chart"></td></tr></thead>\n<tbody>'
    for kind, at in rows:
        least, most = grown(at.minimum_before, at.minimum_after), grown(at.maximum_before, at.maximum_after)
        yield f'<tr><th scope="row">{_code(kind)}</th><td>{_arrow(least)}</td><td>{_arrow(most)}</td>'
        bars = _bar(1, "was", at.minimum_before, at.maximum_before, widest)
        bars += _bar(14, "will", at.minimum_after, at.maximum_after, widest)
        yield f'<td class="chart"><svg viewBox="0 0 {_BAR} 26" aria-hidden="true">{bars}</svg></td></tr>'
    yield "</tbody>\n</table>\n</section>"


def _arrow(text: str) -> str:
    return html(text.replace("->", "\u2192"))


def _bar(y: int, css: str, least: int, most: int, widest: int) -> str:
    """How many at most, and before it how many at least, on a track as wide as the widest."""
    widths = (("track", _BAR), (f"{css} most", _BAR * most // widest), (css, _BAR * least // widest))
    return "".join(f'<rect class="{name}" y="{y}" width="{width}" height="10" rx="2"/>' for name, width in widths)


def _timeline(report: Report) -> Iterator[str]:
    """What of a run was carried out when: a bar a change on the run's own scale, with its figures beside it."""
    if report.timing is None or not report.timing.changes:
        return
    begin = datetime.fromisoformat(report.timing.started)
    whole = max(_seconds(begin, report.timing.ended), 0.001)
    spans = sorted(report.timing.changes, key=lambda span: (span.started, span.model_vendor, span.name))
    ends = {(one.model_vendor, one.name): one.outcome.result.value for one in report.changes if one.outcome}
    yield '<details class="panel timeline">'
    yield f"<summary><b>What ran when</b> {plural(len(spans), 'change')} in {_duration(whole)}</summary>"
    yield '<table>\n<thead><tr><th scope="col">Model</th><th scope="col">Began after</th><th scope="col">Took</th>'
    yield '<td class="chart"></td></tr></thead>\n<tbody>'
    for span in spans[:MOST_FINDINGS]:
        since, until = _seconds(begin, span.started), _seconds(begin, span.ended)
        left, wide = round(_LONG_BAR * since / whole), max(3, round(_LONG_BAR * (until - since) / whole))
        bar = f'<rect class="track" width="{_LONG_BAR}" height="10" y="2"/>'
        tone = ends.get((span.model_vendor, span.name), "")
        bar += f'<rect class="span {tone}" x="{min(left, _LONG_BAR - 3)}" width="{wide}" height="10" y="2" rx="2"/>'
        yield f'<tr><th scope="row">{_code(span.name)}</th><td>{_duration(since)}</td>'
        yield f"<td>{_duration(until - since)}</td>"
        yield f'<td class="chart"><svg viewBox="0 0 {_LONG_BAR} 14" aria-hidden="true">{bar}</svg></td></tr>'
    more = (
        f"<p>{len(spans) - MOST_FINDINGS:,} more not shown: see the JSON report.</p>" if spans[MOST_FINDINGS:] else ""
    )
    yield f"</tbody>\n</table>{more}\n</details>"


def _seconds(begin: datetime, at: str) -> float:
    return max(0.0, (datetime.fromisoformat(at) - begin).total_seconds())


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s"


def _tools(reports: Sequence[Report]) -> Iterator[str]:
    """Counts to filter by, a search, and room for the models."""
    hidden = "" if any(map(compared, reports)) else " hidden"
    chips = "".join(
        f'<button type="button" aria-pressed="false" data-filter="{key}"><b>{count:,}</b> {html(word)}</button>'
        for (key, word), count in _counts(reports).items()
    )
    yield f'<section id="list" tabindex="-1" aria-label="Models"{hidden}>\n<h2>Models</h2>\n<div class="tools">'
    yield f'<div class="chips" role="group" aria-label="Show only">{chips}</div>' if chips else ""
    yield '<div class="line"><label class="aside" for="search">Search models</label>'
    yield '<input id="search" type="search" placeholder="Search names, ids, fields, values   /" autocomplete="off">'
    yield '<button type="button" id="open">Unfold or fold all</button>'
    yield '<span id="count" class="count"></span></div>\n</div>'
    yield '<ul id="models" class="models" role="list"></ul>'
    yield '<p id="empty" class="empty" hidden>No model is like that.</p>'
    yield "<noscript><p>The models are shown by a script in this file, which this browser does not run.</p></noscript>"
    yield "</section>"


def _counts(reports: Sequence[Report]) -> Mapping[tuple[str, str], int]:
    """What models can be filtered by: how they ended, or what is to happen to them."""
    return Counter((_filter_of(report, change), _filter_word(report, change)) for report, change in _ordered(reports))


def _ordered(reports: Sequence[Report]) -> list[tuple[Report, ChangeRecord]]:
    found = [(report, change) for report in reports for change in report.changes]
    return sorted(found, key=lambda one: urgency(one[1]))


def _filter_word(report: Report, change: ChangeRecord) -> str:
    key = _filter_of(report, change)
    return OUTCOME_WORDS[key] if carried_out(report) else action_word(report, key)


def _filter_of(report: Report, change: ChangeRecord) -> str:
    return change.outcome.result.value if carried_out(report) and change.outcome else change.action.value


def _footer(reports: Sequence[Report]) -> str:
    said = [f"egpsync {html(reports[0].tool_version)}"]
    models, files_read = sum(report.models for report in reports), sum(report.files for report in reports)
    said.append(f"{plural(models, 'model')} declared in {plural(files_read, 'file')}")
    if stray := sum(len(report.unmanaged) for report in reports):
        said.append(f"{plural(stray, 'model')} in the account that no manifest names")
    return f"<footer>{'; '.join(said)}. Secret values are in no part of this page.</footer>"


def _data(reports: Sequence[Report]) -> str:
    """The models as JSON that no HTML parser takes for anything else."""
    room = BODIES
    changes = []
    for report, change in _ordered(reports):
        requests = []
        for request in change.requests:
            body = None if request.body is None else _COMPACT(request.body)
            room -= len(body or "")
            if room < 0 and body is not None:
                body = "The body is left out here, as the page would grow too large: see the JSON report."
            requests.append([request_line(request), body])
        told = _change(report, change, requests)
        changes.append({**told, "target": _line(_label(report))} if len(reports) > 1 else told)
    document = {
        "columns": _COLUMNS.get(reports[0].kind, ("Before", "After")),
        "most_open": _MOST_OPEN,
        "changes": changes,
    }
    return json.dumps(document, separators=(",", ":")).translate(_HARMLESS)


_COMPACT = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode  # the page's script gives it its lines
_HARMLESS = {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}


def _change(report: Report, change: ChangeRecord, requests: Sequence[Any]) -> Mapping[str, Any]:
    status = f"Status: {change.status}" if change.status not in (None, "ready") else ""
    said = [_line(text) for text in (change.reason, *change.notes, status) if text]
    return {
        "key": change.action.value,
        "word": action_word(report, change.action),
        "filter": _filter_of(report, change),
        "name": _line(change.name),
        "was": _line(change.previous_name or ""),
        "vendor": _line(change.model_vendor),
        "id": _line(change.id or ""),
        "said": said,
        "at": _place(report, change.source) if change.source else None,
        "fields": [_field(report, change, field) for field in change.fields],
        "requests": requests,
        "other": not is_of_this_change(change),
        "ended": _ended(change),
    }


def _line(text: str) -> str:
    return visible(fold(text, _TEXT))


def _field(report: Report, change: ChangeRecord, field: FieldRecord) -> Sequence[Any]:
    before, after = fold_pair(*values_shown(field), _VALUE)
    return [
        dotted(field.path),
        None if field.op == "add" else before,
        None if field.op == "remove" else after,
        ", ".join(effect_and_reason(change, field)),
        _place(report, field.source) if field.source and field.source != change.source else None,
    ]


def _ended(change: ChangeRecord) -> Mapping[str, Any] | None:
    if change.outcome is None:
        return None
    ended = change.outcome
    said: Iterable[str] = (ending_call(change, many=False), ended.message, ended.note, ended.advice)
    return {
        "key": ended.result.value,
        "word": OUTCOME_WORDS[ended.result],
        "bad": ended.result in WENT_WRONG,
        "said": [_line(text) for text in said if text],
    }
