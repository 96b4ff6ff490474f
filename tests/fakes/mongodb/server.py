"""The server: connections, logins, and who may run what."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from tests.fakes.mongodb.access import Directory, Key, User
from tests.fakes.mongodb.documents import Documents
from tests.fakes.mongodb.failures import CommandError
from tests.fakes.mongodb.scram import Conversation, Verifier, WrongLogin, user_of
from tests.fakes.mongodb.users import UserCommands, check_fields
from tests.fakes.mongodb.wire import Document, Message, receive

ROOT: Final = Key("admin", "root")
_HELLO: Final = {
    "isWritablePrimary": True,
    "ismaster": True,
    "helloOk": True,
    "maxBsonObjectSize": 16_777_216,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "logicalSessionTimeoutMinutes": 30,
    "minWireVersion": 0,
    "maxWireVersion": 21,
    "readOnly": False,
}


class MongoServer:
    """What all connections share. `port` is set once it listens."""

    def __init__(self) -> None:
        self.directory = Directory()
        self.password = secrets.token_hex(16)
        self.directory.users[ROOT] = User(ROOT, Verifier.of(self.password), [Key("admin", "root")])
        self.users = UserCommands(self.directory)
        self.documents = Documents()
        self.port = 0
        self.commands: list[Document] = []
        """What was asked of it, in the order of arrival."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to its end."""
        connection = Connection(self)
        with suppress(asyncio.IncompleteReadError, ConnectionError, ValueError, ssl.SSLError):
            while True:
                message = await receive(reader)
                answer = await connection.answer(message)
                if message.wants_answer:
                    writer.write(answer)
                    await writer.drain()
        writer.close()


class Connection:
    """One client, and who it logged in as."""

    def __init__(self, server: MongoServer) -> None:
        self._server = server
        self._login: Key | None = None
        self._conversation: tuple[Key, Conversation] | None = None

    async def answer(self, message: Message) -> bytes:
        """Carry out its command."""
        name = next(iter(message.command))
        self._server.commands.append(message.command)
        try:
            check_fields(name, message.command)
            result = await self._run(name, message.command)
        except CommandError as error:
            return message.answer(error.document())
        return message.answer({**result, "ok": 1.0})

    async def _run(self, name: str, command: Document) -> Document:
        if (open_to_all := self._open_to_all(name, command)) is not None:
            return open_to_all
        user, users = self._user(name), self._server.users
        managing = {
            "createUser": users.create_user,
            "updateUser": users.update_user,
            "dropUser": users.drop_user,
            "revokeRolesFromUser": users.revoke_roles_from_user,
            "createRole": users.create_role,
        }

        def demand(action: str, resource: Document) -> None:
            if not self._server.directory.allows(user, action, resource):
                shown = {key: command[key] for key in command if key not in ("pwd", "lsid")}
                raise CommandError(13, f"not authorized on {command['$db']} to execute command {shown}")

        if name in managing:
            return managing[name](command, demand)
        if name == "usersInfo":
            itself = command["usersInfo"] in (user.key.name, {"user": user.key.name, "db": user.key.db})
            return users.users_info(command, _anything_goes if itself else demand)
        if name == "killAllSessions":
            self._server.documents.interrupt(users.kill_all_sessions(command, demand))
            return {}
        return await self._server.documents.run(name, command, user.key, demand)

    def _open_to_all(self, name: str, command: Document) -> Document | None:
        """What needs no login."""
        if name.lower() in ("hello", "ismaster"):
            return {
                **_HELLO,
                "localTime": datetime.now(UTC),
                "connectionId": id(self) % 2**31,
                **self._ways_in(command),
            }
        if name in ("ping", "endSessions", "logout"):
            return {}
        if name == "buildInfo":
            return {"version": "7.0.0", "versionArray": [7, 0, 0, 0], "maxBsonObjectSize": 16_777_216}
        if name == "saslStart":
            return self._start(command)
        if name == "saslContinue":
            return self._continue(command)
        return self._status(command) if name == "connectionStatus" else None

    def _ways_in(self, command: Document) -> Document:
        """How the user that the client names may log in, if it asks."""
        db, _, name = command.get("saslSupportedMechs", "").partition(".")
        return {"saslSupportedMechs": ["SCRAM-SHA-256"]} if Key(db, name) in self._server.directory.users else {}

    def _start(self, command: Document) -> Document:
        if command["mechanism"] != "SCRAM-SHA-256":
            raise CommandError(18, "Authentication failed.")
        key = Key(command["$db"], user_of(command["payload"]))
        user = self._server.directory.users.get(key)
        if user is None:
            raise CommandError(18, "Authentication failed.")
        conversation = Conversation(command["payload"], user.verifier)
        self._conversation = key, conversation
        return {"conversationId": 1, "done": False, "payload": conversation.challenge.encode()}

    def _continue(self, command: Document) -> Document:
        if self._conversation is None:
            raise CommandError(18, "Authentication failed.")
        key, conversation = self._conversation
        self._conversation = None
        try:
            final = conversation.finish(command["payload"])
        except WrongLogin:
            raise CommandError(18, "Authentication failed.") from None
        self._login = key
        return {"conversationId": 1, "done": True, "payload": final}

    def _status(self, command: Document) -> Document:
        user = self._server.directory.users.get(self._login) if self._login else None
        told: Document = {"authenticatedUsers": [], "authenticatedUserRoles": []}
        if user is not None:
            told["authenticatedUsers"] = [{"user": user.key.name, "db": user.key.db}]
            told["authenticatedUserRoles"] = [{"role": role.name, "db": role.db} for role in user.roles]
        if command.get("showPrivileges"):
            told["authenticatedUserPrivileges"] = self._server.directory.privileges(user) if user else []
        return {"authInfo": told}

    def _user(self, name: str) -> User:
        """Whoever logged in, if the user is still there: mongod drops it from its sessions with the next command."""
        user = self._server.directory.users.get(self._login) if self._login else None
        if user is None:
            raise CommandError(13, f"Command {name} requires authentication")
        return user


def _anything_goes(action: str, resource: Document) -> None:
    """Whoever asks about itself needs no privilege."""


async def _end(listener: asyncio.Server) -> None:
    """Accept no more connections, and end those there are."""
    listener.close()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@contextmanager
def running_fake(context: ssl.SSLContext | None = None) -> Iterator[MongoServer]:
    """A server on a free port, in a thread of its own."""
    server, loop, ready = MongoServer(), asyncio.new_event_loop(), threading.Event()

    async def listen() -> asyncio.Server:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
        server.port = listener.sockets[0].getsockname()[1]
        ready.set()
        return listener

    def work() -> None:
        listener = loop.run_until_complete(listen())
        loop.run_forever()
        loop.run_until_complete(_end(listener))
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
