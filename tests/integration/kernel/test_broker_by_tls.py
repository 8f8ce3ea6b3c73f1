"""By `amqps` the broker proves its name: a certificate of a trusted authority for another name is not enough."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kernel import topology
from kernel.clock import SystemClock
from tests.waiting import PATIENCE


def certificate(folder: Path, name: str) -> Path:
    """A key and a certificate for a host's name, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    kind = serialization.PrivateFormat.PKCS8
    file = folder / f"{name}.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@contextmanager
def broker(proof: Path, heard: list[bytes]) -> Iterator[int]:
    """Somebody who listens with this certificate, and keeps what is said to them first; gives the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(proof)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)

        def listen() -> None:
            while not done.is_set():
                with suppress(OSError), closing(server.accept()[0]) as caller:  # they may hang up at the certificate
                    caller.settimeout(PATIENCE)
                    with context.wrap_socket(caller, server_side=True) as secure:
                        heard.append(secure.recv(8))

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join()


@pytest.mark.parametrize(("name", "heard"), [("localhost", {b"AMQP\x00\x00\x09\x01"}), ("another.example", set())])
def test_a_broker_is_told_nothing_before_it_has_proved_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, heard: set[bytes]
) -> None:
    proof, said = certificate(tmp_path, name), list[bytes]()
    monkeypatch.setenv("SSL_CERT_FILE", str(proof))  # the authorities that are trusted
    with broker(proof, said) as port, pytest.raises(OSError, match="" if heard else "Hostname mismatch"):
        topology.connect(f"amqps://torg:secret@localhost:{port}/torg", heartbeat=0)
    assert set(said) == heard
