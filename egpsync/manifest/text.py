"""A file's bytes in, its text out, or why it is not text that YAML takes."""

from egpsync.manifest.files import Found
from egpsync.manifest.places import LINE_BREAK, Finding, Hint
from egpsync.model.values import Source

_BREAK = "breaks the line for some programs and not for others"
MISREAD = {"\x85": _BREAK, "\u2028": _BREAK, "\u2029": _BREAK, "\ufeff": "is invisible, and shifts what follows"}
"""Characters that PyYAML, which reads by YAML 1.1, places or understands otherwise than YAML 1.2 and editors."""


def fault_of(file: Found, text: str) -> Finding | None:
    """What keeps the file from being parsed; `text` is its bytes decoded with replacements."""
    if file.rule:
        return Finding(file.rule, file.message, Source(file=file.name, line=1, column=1), Hint())
    try:
        file.data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = file.data[: error.start].decode("utf-8-sig", errors="replace")
        utf16 = file.data.startswith((b"\xff\xfe", b"\xfe\xff"))
        message = "the file is UTF-16" if utf16 else f"the byte 0x{file.data[error.start]:02x} is not UTF-8"
        return Finding("encoding", message, end_of(before, file.name), Hint(expected="a file saved as UTF-8"))
    for sign, why in MISREAD.items():
        if sign in text:
            message = f"the character U+{ord(sign):04X} {why}"
            hint = Hint(expected=f'the escape "\\u{ord(sign):04x}" in double quotes')
            return Finding("encoding", message, end_of(text[: text.index(sign)], file.name), hint)
    return None


def end_of(text: str, file: str) -> Source:
    """The place just after the text, where the file begins with it."""
    lines = LINE_BREAK.split(text)
    return Source(file=file, line=len(lines), column=len(lines[-1]) + 1)
