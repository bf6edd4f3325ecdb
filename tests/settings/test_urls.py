"""One spelling of each base URL: which are taken, as what, and that no spelling goes round the rules."""

import string
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egpsync.errors import UsageError
from egpsync.settings import load_settings
from egpsync.settings.urls import base_url, identity_of

KEY = "key-SENTINEL-7319"
SEGMENTS = st.sampled_from(["", ".", "..", "a", "Public", "%7e", "%2E", "%2e%2e", "%2f", "v5x", "~", "a;b", "c:d"])
HOSTS = st.sampled_from(
    [
        "api.example",
        "API.Example.",
        "localhost",
        "LocalHost",
        "127.0.0.1",
        "127.8.9.1",
        "[::1]",
        "[0::1]",
        "[2001:DB8::1]",
    ]
)
PORTS = st.sampled_from(["", ":", ":443", ":80", ":8443", ":0443"])
SCHEMES = st.sampled_from(["https", "HTTPS", "HtTpS", "http", "HTTP"])


def spellings() -> st.SearchStrategy[str]:
    """URLs, most of them odd."""
    return st.builds(
        lambda scheme, host, port, path: f"{scheme}://{host}{port}{''.join(f'/{part}' for part in path)}",
        SCHEMES,
        HOSTS,
        PORTS,
        st.lists(SEGMENTS, max_size=5),
    )


def taken(url: str) -> str | None:
    """As what the URL is taken; None where it is refused."""
    try:
        return base_url(url)
    except UsageError:
        return None


@given(spellings())
def test_one_spelling_is_left(url: str) -> None:
    """What is taken is taken as itself, in lower case up to the path, without its scheme's port or a dot segment."""
    spelt = taken(url)
    if spelt is None:
        return
    parts = urlsplit(spelt)
    assert base_url(spelt) == spelt
    assert spelt.startswith(("http://", "https://"))
    assert parts.netloc == parts.netloc.lower()
    assert parts.port != {"http": 80, "https": 443}[parts.scheme]
    assert {".", ".."}.isdisjoint(parts.path.split("/"))
    assert not spelt.endswith("/")


@given(spellings(), st.data())
def test_spellings_of_one_place_are_equal(url: str, data: st.DataObject) -> None:
    """Another case of scheme and host, the port written out, a dot segment, a slash at the end: the same value."""
    parts = urlsplit(url)
    host = "".join(data.draw(st.sampled_from([sign.lower(), sign.upper()])) for sign in parts.hostname or "")
    host = f"[{host}]" if ":" in host else host
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    end = data.draw(st.sampled_from(["", "/", "/.", "/x/..", "//"]))
    assert taken(f"{parts.scheme.upper()}://{host}:{port}{parts.path}{end}") == taken(url)


@given(st.text(alphabet=string.printable + "\u202e\u0130\u2024\uff0f\u00e4", max_size=30))
def test_nothing_but_https_goes_elsewhere(text: str) -> None:
    """Whatever is written: what is taken is https, or this machine."""
    for url in (text, f"http://{text}", f"HTTP://127.0.0.1{text}", f"http://localhost{text}"):
        spelt = taken(url)
        assert spelt is None or spelt.startswith("https://") or urlsplit(spelt).hostname in _this_machine(spelt)


def _this_machine(spelt: str) -> set[str]:
    host = urlsplit(spelt).hostname or ""
    return {"localhost", "::1", host if host.startswith("127.") and host.replace(".", "").isdigit() else ""}


def test_the_names_of_this_machine_are_one_place() -> None:
    """For locks and journals; another loopback address is another place, as is another port."""
    same = ["http://localhost:5003", "http://127.0.0.1:5003", "http://[::1]:5003"]
    assert {identity_of(url) for url in same} == {"http://localhost:5003"}
    assert identity_of("http://127.8.9.1:5003/a") == "http://127.8.9.1:5003/a"
    assert identity_of("https://api.example") == "https://api.example"


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://api.example", "https://api.example"),
        ("https://api.example/", "https://api.example"),
        ("https://api.example/public///", "https://api.example/public"),
        ("https://api.example:8443/public", "https://api.example:8443/public"),
        ("http://127.0.0.1:5003/public", "http://127.0.0.1:5003/public"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://localhost:5003", "http://localhost:5003"),
        ("http://[::1]:5003", "http://[::1]:5003"),
        ("http://[0:0:0:0:0:0:0:1]:5003", "http://[::1]:5003"),
        ("HTTPS://Api.Example", "https://api.example"),
        ("HTTP://LOCALHOST:5003/Public", "http://localhost:5003/Public"),
        ("https://api.example:443/public", "https://api.example/public"),
        ("https://api.example:0443", "https://api.example"),
        ("https://api.example:", "https://api.example"),
        ("https://api.example./", "https://api.example"),
        ("http://localhost:80", "http://localhost"),
        ("https://localhost:80", "https://localhost:80"),
        ("https://api.example/a/./b/../c/.", "https://api.example/a/c"),
        ("https://api.example/../..", "https://api.example"),
        ("https://api.example/%7epublic/%2e%2e/%c3%a4", "https://api.example/%C3%A4"),
    ],
)
@pytest.mark.parametrize("way", ["flag", "environment"])
def test_urls_that_are_taken(url: str, taken: str, way: str) -> None:
    """https, with a port and a path; http on this machine alone."""
    flags = {"base_url": url} if way == "flag" else {}
    environ = {} if way == "flag" else {"SGP_CLIENT_BASE_URL": url}
    assert load_settings(flags, environ).base_url == taken


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://0.0.0.0:5003",
        "http://10.0.0.1",
        "http://[::]:5003",
        "ftp://api.example",
        "file:///etc/passwd",
        "api.example",
        "//api.example",
        "https://",
        "https:///v5",
        "https://h:port",
        "https://h:99999",
        "https://h:0",
        "https://[::1",
        "https://a b.example",
        "https://h/a b",
        "https://h\n",
        "https://h\tx",
        "https://h\u202e.example",
        "https://h\\.example",
        "https://h%2eexample",
        "https://[::1%25lo]",
        "https://[v1.a]",
        "HTTP://API.EXAMPLE",
        "http://2130706433",
        "http://127.1",
        "http://[::ffff:10.0.0.1]",
        "https://.",
        "https://h?query=1",
        "https://h/?",
        "https://h/#part",
    ],
)
@pytest.mark.parametrize("way", ["flag", "environment"])
def test_urls_that_are_refused(url: str, way: str) -> None:
    """Nothing is sent to what is no plain URL, or would carry the key in the clear."""
    flags = {"base_url": url} if way == "flag" else {}
    environ = {} if way == "flag" else {"EGP_ENDPOINT_URL": url}
    with pytest.raises(UsageError) as caught:
        load_settings(flags, environ)
    assert caught.value.where == "base URL"


@pytest.mark.parametrize(
    "url", [f"https://user:{KEY}@h", f"ftp://user:{KEY}@h", f"https://{KEY}@h", f"https://u:{KEY}@["]
)
def test_credentials_in_a_url_are_not_repeated(url: str) -> None:
    """The message says what is wrong without quoting it."""
    with pytest.raises(UsageError) as caught:
        load_settings({"base_url": url}, {})
    assert caught.value.what == "credentials, query and fragment have no place in it"
    assert KEY not in str(caught.value)


def test_http_elsewhere_says_why_not() -> None:
    """The advice names the reason."""
    with pytest.raises(UsageError) as caught:
        load_settings({"base_url": "http://api.example"}, {})
    assert str(caught.value) == (
        "base URL: 'http://api.example' is not https\n  Use https: over http the API key would travel in the clear. "
        "Only this machine itself may be http."
    )


def test_the_version_has_no_place_in_the_base_url() -> None:
    """It would stand in every path twice."""
    with pytest.raises(UsageError, match="/v5 has no place in it"):
        load_settings({"base_url": "https://api.example/v5/"}, {"HOME": "/nowhere"})
