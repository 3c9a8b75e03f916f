"""Calls to addresses that somebody typed."""

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from config.web import calls, outbound
from config.web.calls import NoAnswer, call
from config.web.outbound import NotAllowed, Unreachable, resolve_public
from tests.support.serving import serving

pytestmark = pytest.mark.once

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.1.2.3",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001:db8::1",
    "2001::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_on_the_public_internet_is_not_called(address):
    assert not outbound.is_public(address)
    with pytest.raises(NotAllowed):
        resolve_public(address, 80)
    with pytest.raises(NotAllowed):
        call("POST", f"http://[{address}]/" if ":" in address else f"http://{address}/")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_what_is_on_the_public_internet_may_be_called(address):
    assert outbound.is_public(address)
    assert ip_address(resolve_public(address, 80)) == ip_address(address)


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "localhost"]
)
def test_another_spelling_of_an_address_is_the_same_address(host):
    with pytest.raises(NotAllowed):
        resolve_public(host, 80)
    with pytest.raises(NotAllowed):
        call("GET", f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//127.0.0.1/",
        "http://",
        "http://[::1]/",
        "http://[::ffff:7f00:1]/",
        "http://a b/",
        "http://x:99999999/",
        "http://①②⑦.⓪.⓪.①/",
        "http://user@127.0.0.1/",
    ],
)
def test_what_is_no_address_of_the_web_is_refused(url):
    with pytest.raises((NotAllowed, Unreachable)):
        call("GET", url)


def test_an_operator_may_allow_a_host(settings):
    settings.OUTBOUND_PRIVATE = ["127.0.0.1", "localhost"]
    assert resolve_public("127.0.0.1", 25) == "127.0.0.1"
    assert resolve_public("LocalHost", 25) in {"127.0.0.1", "::1"}
    with pytest.raises(NotAllowed):
        resolve_public("127.0.0.2", 25)


def test_a_name_without_an_address_is_unreachable(monkeypatch):
    def unknown(*args, **options):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreachable):
        resolve_public("nowhere.example", 80)


def test_a_name_server_that_never_answers_costs_only_so_much_time(monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(outbound, "LOOKUP_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: answered.wait(10))
    with pytest.raises(Unreachable):
        resolve_public("slow.example", 80)
    answered.set()


@pytest.fixture
def names(monkeypatch, settings):
    """A name server of the test's own, and how often it was asked for each name."""
    asked: list[str] = []
    known: dict[str, list[str]] = {"hook.example": ["127.0.0.1"]}
    look_up = socket.getaddrinfo

    def answer(host, port, *args, **options):
        if host not in known:
            return look_up(host, port, *args, **options)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    settings.OUTBOUND_PRIVATE = ["hook.example"]
    return known, asked


class Hook(BaseHTTPRequestHandler):
    """Says what it was told."""

    def do_POST(self) -> None:
        told = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1/")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * 100_000 if self.path == "/long" else told)
        self.wfile.write(self.headers["Host"].encode())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def hook_server(
    context: ssl.SSLContext | None = None, handler: type[BaseHTTPRequestHandler] = Hook
) -> Iterator[int]:
    """A web server on the port that it yields."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield server.server_address[1]


def test_a_call_reaches_the_checked_address_under_its_name(names):
    _known, asked = names
    with hook_server() as port:
        answer = call("POST", f"http://hook.example:{port}/", content=b"{}")
    assert (answer.status, answer.is_whole) == (200, True)
    assert answer.body == f"{{}}hook.example:{port}".encode()
    assert asked == ["hook.example"]


class Kept(BaseHTTPRequestHandler):
    """Says by which connection it is asked, and keeps it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        said = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_a_connection_is_kept_for_the_name_it_was_made_for_and_for_no_other(names, settings):
    known, asked = names
    known["other.example"] = ["127.0.0.1"]
    settings.OUTBOUND_PRIVATE = ["hook.example", "other.example"]
    with hook_server(handler=Kept) as port:
        first, again = (call("POST", f"http://hook.example:{port}/").body for _ in range(2))
        assert (again, asked) == (first, ["hook.example"])
        assert call("POST", f"http://other.example:{port}/").body != first


class Leaving(Kept):
    """Ends each connection after an answer, unannounced."""

    ended = threading.Semaphore(0)

    def do_POST(self) -> None:
        super().do_POST()
        self.close_connection = True

    def finish(self) -> None:
        """End the connection, and let the test know."""
        super().finish()
        self.request.shutdown(socket.SHUT_RDWR)
        self.ended.release()


def test_a_kept_connection_that_the_other_side_has_ended_is_made_anew(names):
    with hook_server(handler=Leaving) as port:
        bodies = set()
        for _ in range(3):
            bodies.add(call("POST", f"http://hook.example:{port}/").body)
            # An end that crosses the next call is another thing: nobody knows whether that came.
            assert Leaving.ended.acquire(timeout=30)
    assert len(bodies) == 3


def test_a_name_that_points_home_is_refused(names, settings):
    settings.OUTBOUND_PRIVATE = []
    with hook_server() as port, pytest.raises(NotAllowed):
        call("POST", f"http://hook.example:{port}/")


def test_of_several_addresses_only_a_public_one_is_taken(names, settings):
    known, _asked = names
    settings.OUTBOUND_PRIVATE = []
    known["hook.example"] = ["10.0.0.1", "8.8.8.8"]
    assert resolve_public("hook.example", 80) == "8.8.8.8"


def test_a_redirect_is_an_answer_and_leads_nowhere(names):
    with hook_server() as port:
        assert call("POST", f"http://hook.example:{port}/moved").status == 302


def test_an_answer_is_read_up_to_its_limit(names):
    with hook_server() as port:
        answer = call("POST", f"http://hook.example:{port}/long", max_bytes=1000)
    assert (len(answer.body), answer.is_whole) == (1000, False)


def test_nobody_there_is_told_from_nobody_answering(names):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(NoAnswer):
            call("POST", f"http://hook.example:{port}/", seconds=0.3)
    with pytest.raises(Unreachable):
        call("POST", f"http://hook.example:{port}/")


def test_an_answer_that_never_ends_is_cut_off_in_time(names):
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            client, _address = server.accept()
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not stop.wait(0.02):
                try:
                    client.sendall(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(NoAnswer):
            call("POST", f"http://hook.example:{server.getsockname()[1]}/", seconds=0.5)
        stop.set()
        thread.join()


def certificate(folder: Path, name: str) -> Path:
    """A key and a certificate of `name` that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.mark.parametrize("name", ["hook.example", "other.example"])
def test_the_certificate_must_be_that_of_the_name(names, monkeypatch, tmp_path, name):
    pem = certificate(tmp_path, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    monkeypatch.setattr(calls, "_trust", lambda: ssl.create_default_context(cafile=pem))
    with hook_server(context) as port:
        url = f"https://hook.example:{port}/"
        if name == "hook.example":
            assert call("POST", url, content=b"{}").status == 200
        else:
            with pytest.raises(Unreachable):
                call("POST", url, content=b"{}")
