"""The chat page's side: its files, and the WebSocket that keeps every open page live.

Frames are JSON texts; users, chats and messages in them are Bot API objects. To the page:
`hello` (everything, once), `message` (new, or an edit in place), `deleted`, `action`, `answer` (to a tap, by
the page's own id for it; without words it only ends the waiting), `commands` (they changed; in private these),
`menu` (somebody's commands in one chat, when asked for), `chat` (new, or changed), `notice`, `online` (does
the bot fetch updates), `refused`. From the page: `send`, `sticker`, `tap`, `delete`, `menu`,
`manage` (what administrators do, see `bot.preview.managing`).
"""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from bot.preview.archive import Archive
from bot.preview.chats import Object
from bot.preview.cloud import Cloud
from bot.preview.content import person_text, sticker
from bot.preview.frames import chat_frame
from bot.preview.managing import manage
from bot.preview.refusals import Refused, bad_request
from bot.preview.speaking import say, take_away
from bot.preview.taps import Answer, Waiting

FOLDER = Path(__file__).parent
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
MOST_SHOWN = 500
"""Messages of one chat that a page gets when it opens."""
MOST_WAITING = 2_000
"""Frames that may wait for a slow page before it is disconnected; it comes back and gets everything anew."""
LARGEST_FRAME_BYTES = 64 * 1024


class Page:
    """Serves the page and speaks with all its copies."""

    def __init__(self, *, cloud: Cloud, archive: Archive) -> None:
        self._cloud = cloud
        self._archive = archive
        self._sockets: dict[web.WebSocketResponse, asyncio.Queue[Object]] = {}
        self._files: dict[str, bytes] = {}
        self._notice: Object | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Read the page's files and listen to what happens."""
        self._files = await asyncio.to_thread(_read_files)
        self._cloud.listeners.append(self.show)

    async def stop(self) -> None:
        """Close every open page."""
        if self.show in self._cloud.listeners:
            self._cloud.listeners.remove(self.show)
        for socket in tuple(self._sockets):
            await socket.close(code=1001, message=b"the bot stops")
        await _end(self._tasks)

    def routes(self) -> list[web.RouteDef]:
        """List the addresses that belong to the page."""
        return [
            web.get("/", self._serve),
            web.get("/{name:page\\.(css|js)}", self._serve),
            web.get("/{name:parts/[a-z0-9_-]+\\.(js|css|svg)}", self._serve),
            web.get("/files/{file_id}", self._file),
            web.get("/ws", self._socket),
        ]

    def notice(self, text: str, level: str) -> None:
        """Show a line on every page, and keep it for those that open later."""
        self._notice = {"text": text, "level": level}
        self.show({"type": "notice", **self._notice})

    def show(self, frame: Object) -> None:
        """Send a frame to every open page."""
        for socket, queue in tuple(self._sockets.items()):
            self._put(socket, queue, frame)

    def _put(self, socket: web.WebSocketResponse, queue: asyncio.Queue[Object], frame: Object) -> None:
        try:
            queue.put_nowait(frame)
        except asyncio.QueueFull:
            self._sockets.pop(socket, None)
            self._spawn(_close(socket))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name", "page.html")
        if name not in self._files:
            raise web.HTTPNotFound(text=f"{name} is not installed.")
        return web.Response(body=self._files[name], content_type=_TYPES[Path(name).suffix], charset="utf-8")

    async def _file(self, request: web.Request) -> web.Response:
        file = self._cloud.files.get(request.match_info["file_id"])
        content = await self._archive.content(file.id) if file else None
        if file is None or content is None:
            raise web.HTTPNotFound(text="There is no such file.")
        if file.width:
            return web.Response(body=content, content_type=file.mime_type)
        headers = {"Content-Disposition": "attachment"}  # the page's link names it; never opened as a page
        return web.Response(body=content, content_type="application/octet-stream", headers=headers)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=LARGEST_FRAME_BYTES)
        await socket.prepare(request)
        queue: asyncio.Queue[Object] = asyncio.Queue(MOST_WAITING)
        queue.put_nowait(self._hello())
        self._sockets[socket] = queue
        writer = asyncio.create_task(_write(socket, queue))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(socket, queue, message.data)
        finally:
            self._sockets.pop(socket, None)
            await _end([writer])
        return socket

    def _hello(self) -> Object:
        cloud = self._cloud
        shown = [message for chat in cloud.messages.values() for message in list(chat.values())[-MOST_SHOWN:]]
        return {
            "type": "hello",
            "bot": cloud.bot.as_object(),
            "online": cloud.updates.online,
            "people": [person.as_object() for person in cloud.directory.people.values()],
            "chats": [chat_frame(chat) for chat in cloud.directory.chats.values()],
            "commands": cloud.commands(),
            "messages": [message.body for message in sorted(shown, key=lambda message: message.id)],
            "ephemeral": [message.body for message in cloud.ephemerals.everything()],
            "notice": self._notice,
        }

    async def _take(self, socket: web.WebSocketResponse, queue: asyncio.Queue[Object], raw: str) -> None:
        """Do what the page asks; what cannot be taken is said there and changes nothing."""
        frame: Object = {}
        try:
            frame = _read_frame(raw)
            match frame.get("type"):
                case "send":
                    self._say(frame, person_text(_text(frame)))
                case "sticker":
                    self._say(frame, sticker())
                case "tap":
                    self._tap(socket, queue, frame)
                case "delete":
                    self._delete(frame)
                case "manage":
                    self._manage(frame)
                case "menu":
                    self._put(socket, queue, self._menu(frame))
                case _:
                    raise bad_request("unknown frame")
        except Refused as refused:
            refusal: Object = {"type": "refused", "text": refused.description.removeprefix("Bad Request: ")}
            self._put(socket, queue, refusal | ({"id": frame["id"]} if "id" in frame else {}))

    def _say(self, frame: Object, content: Object) -> None:
        thread = _number(frame, "thread") if frame.get("thread") is not None else None
        say(
            self._cloud,
            person=_number(frame, "person"),
            chat_id=_number(frame, "chat_id"),
            content=content,
            thread=thread,
        )

    def _delete(self, frame: Object) -> None:
        take_away(
            self._cloud,
            person=_number(frame, "person"),
            chat_id=_number(frame, "chat_id"),
            message_id=_number(frame, "message_id"),
        )

    def _manage(self, frame: Object) -> None:
        person, chat_id = _number(frame, "person"), _number(frame, "chat_id")
        manage(self._cloud, person=person, chat_id=chat_id, what=frame.get("what"), value=frame.get("value"))

    def _menu(self, frame: Object) -> Object:
        person, chat_id = _number(frame, "person"), _number(frame, "chat_id")
        commands = self._cloud.menu(person=person, chat_id=chat_id)
        return {"type": "menu", "person": person, "chat_id": chat_id, "commands": commands}

    def _tap(self, socket: web.WebSocketResponse, queue: asyncio.Queue[Object], frame: Object) -> None:
        person, chat_id, data = _number(frame, "person"), _number(frame, "chat_id"), frame.get("data")
        message_id, ephemeral = _number(frame, "message_id"), frame.get("ephemeral") is True
        if ephemeral:
            message = self._cloud.ephemerals.find(chat_id, person, message_id)
        else:
            message = self._cloud.find(chat_id, message_id)
        if message is None or not isinstance(data, str) or data not in message.callback_data():
            raise bad_request("this button is no longer there")
        _, waiting = self._cloud.tap(
            person=person, chat_id=chat_id, message_id=message_id, data=data, ephemeral=ephemeral
        )

        def show(done: Waiting) -> None:
            answer = done.result() or Answer()
            shown: Object = {"type": "answer", "id": frame.get("id"), "person": person}
            shown |= {"text": answer.text, "show_alert": answer.show_alert} if answer.text else {}
            self._put(socket, queue, shown | ({"url": answer.url} if answer.url else {}))

        waiting.add_done_callback(show)


def _read_files() -> dict[str, bytes]:
    """Read what belongs to the page: `page.html`, its style and script, and the folder `parts`."""
    paths = [path for pattern in ("page.*", "parts/*") for path in FOLDER.glob(pattern)]
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in paths if path.suffix in _TYPES}


def _read_frame(raw: str) -> Object:
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        raise bad_request("unreadable frame") from None
    if not isinstance(frame, dict):
        raise bad_request("unreadable frame")
    return frame


def _text(frame: Object) -> str:
    text = frame.get("text", "")
    if not isinstance(text, str):
        raise bad_request("the frame needs a text")
    return text


def _number(frame: Object, name: str) -> int:
    value = frame.get(name)
    if not isinstance(value, int):
        raise bad_request(f"the frame needs a whole number as {name}")
    return value


async def _write(socket: web.WebSocketResponse, queue: asyncio.Queue[Object]) -> None:
    while True:
        await socket.send_str(json.dumps(await queue.get(), ensure_ascii=False))


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cut tasks off; what a broken line made of them is of no interest any more."""
    ending = tuple(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)


async def _close(socket: web.WebSocketResponse) -> None:
    await socket.close(code=1013, message=b"too slow")
