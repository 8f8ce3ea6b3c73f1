"""A mail server on this machine, for tests of mail: takes what it is sent, or refuses as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Thread

PATIENCE = 60.0


class MailServer:
    """`received` are the letters; `says` holds other answers than the good ones, by command."""

    def __init__(self, port: int) -> None:
        self.url = f"smtp://127.0.0.1:{port}"
        self.received: list[Message] = []
        self.recipients: list[str] = []
        self.says: dict[str, str] = {}
        self.hangs_up_after_taking = False
        self.awake = Event()
        """Until it is set nothing is answered."""
        self.awake.set()

    def text(self, number: int = -1) -> str:
        """What a letter says."""
        found = self.received[number].get_payload(decode=True)
        assert isinstance(found, bytes)
        return found.decode()


class _Talk(StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        self.run: MailServer = self.server.run
        self.say("220 here")
        while (line := self.rfile.readline().decode().strip()) and self.obey(line):
            pass

    def obey(self, line: str) -> bool:
        """Answers a command; whether there may be another."""
        self.run.awake.wait(PATIENCE)
        command = line.upper().split(":")[0].split(" ")[0]
        good = {"DATA": "354 go on", "QUIT": "221 bye"}.get(command, "250 ok")
        answer = self.run.says.get(command, good)
        self.say(answer)
        if command == "RCPT" and answer == good:
            self.run.recipients.append(line.partition("<")[2].partition(">")[0])
        if command == "DATA" and answer == good:
            return self.take()
        return command != "QUIT"

    def take(self) -> bool:
        lines = list(iter(self.rfile.readline, b".\r\n"))
        self.run.received.append(message_from_bytes(b"".join(lines)))
        if self.run.hangs_up_after_taking:
            return False
        self.say("250 taken")
        return True

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    run: MailServer


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server on a free port until the block ends."""
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.run = MailServer(server.server_address[1])
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.run
        server.run.awake.set()
        server.shutdown()
