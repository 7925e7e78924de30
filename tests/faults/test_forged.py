"""Ten thousand buttons that nobody was given: each gets one friendly word, and nothing changes.

Each is worked out by the rules; every tenth goes the whole way, from Telegram's JSON through the tutor to the file.
"""

import asyncio
import json
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from telegram import Update

from bot.chat.app import slim
from bot.chat.private import PrivateChat, learner_of
from bot.core.actions import Action, parse
from bot.core.effects import Toast
from bot.core.events import Command, Tap
from bot.core.session import TAPS, step
from bot.core.state import Session
from bot.course.load import load_folder
from bot.store.base import UpdateKey, Word
from bot.store.sqlite import SqliteStore
from bot.tutor.learner import Learner
from bot.tutor.tutor import Tutor
from bot.view.texts import Texts
from tests.chat.clock import noon
from tests.chat.quiet import quiet
from tests.house import LESSONS

ADA, BLAISE = 7, 8
EXAMPLES, TAPS_EACH, WHOLE_WAY = 200, 50, 5
COMMANDS = ("learn", "train", "settings", "lessons", "forget", "quiz", "help")
OWN_PLACE, ELSEWHERE = 50, 999  # message ids: where every screen of hers stands, and another one
KIND_WORDS = ((Toast(text="stale"),), (Toast(text="lab.running"),))  # all that may follow
# Actions whose argument the bot checks, and arguments that no button of theirs has.
CHECKED = {
    Action.OPTION: ("9", "-1", "", "1e0", "00", "A", "٣"),
    Action.MOVE: ("", "o", "o*", "z+", "+", "r++"),
    Action.STORY: ("99", "-1", "x", ""),
    Action.RUN: ("arrived", "", "LEARNS"),
    Action.LANGUAGE: ("xx", "../en", "", "EN"),
}


class Forged(NamedTuple):
    """What a modified client sends: callback data and the message that it claims to stand on."""

    data: str
    message: int


class Room:
    """The tutor and its store, a learner with a screen of many kinds, another one with as many."""

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore(folder / "nabla.db")
        self.said: list[Word] = []
        self.lessons = load_folder(LESSONS).lessons
        self.tutor = Tutor(
            store=self.store,
            lessons=lambda: self.lessons,
            username="nabla_bot",
            say=self._say,
            now=noon,
            chance=Random(5),
            sleep=asyncio.sleep,
        )
        self.chat = PrivateChat(tutor=self.tutor, activities=quiet(self.tutor), username="nabla_bot")
        self.tapped = 0
        self._numbers = count(1)

    async def open(self) -> None:
        """Bring both learners somewhere; every screen of Ada's is known to stand in one place."""
        await self.store.open()
        for learner in (ADA, BLAISE):
            for name in COMMANDS:
                await self.tutor.handle(Learner(id=learner), Command(name=name))
            session = await self.session(learner)
            lab = next(key for key, screen in session.screens.items() if screen.kind == "lab")
            await self.tutor.handle(Learner(id=learner), Tap(key=lab, action=Action.RUN, argument="learns"))
        self.ada = await self.session(ADA)
        self.mine, self.theirs = list(self.ada.screens), list((await self.session(BLAISE)).screens)
        for word in [each for each in self.said if each.key in (*self.mine, *self.theirs)]:
            await self.store.said(word.number, screen=(word.chat, word.key or "", OWN_PLACE))
        self.kinds = {key: screen.kind for key, screen in self.ada.screens.items()}
        self.loaded = await self.store.load(ADA)
        self.before = await self.exported()
        self.said.clear()

    def _say(self, words: Iterable[Word]) -> None:
        self.said += words

    async def session(self, learner: int) -> Session:
        """What is remembered of a learner."""
        return Session.model_validate_json((await self.store.load(learner)).session or "")

    async def exported(self) -> list[object]:
        """All that is stored of both, but for the words that wait to be said."""
        both = [await self.store.export(who) for who in (ADA, BLAISE)]
        return [{name: part for name, part in each.items() if name != "words"} for each in both]

    def work_out(self, forged: Forged) -> None:
        """By the rules alone: nothing changes, and the one thing that follows is a friendly word."""
        data = forged.data if forged.data.isascii() else ""
        key, action, argument = parse(data)
        tap = Tap(key=key, action=action, argument=argument, in_place=forged.message == OWN_PLACE)
        after, effects = step(
            self.ada, tap, now=noon(), chance=Random(1), shelf=self.lessons, languages=("en",)
        )
        assert after == self.ada, forged
        assert effects in KIND_WORDS, forged
        self.tapped += 1

    async def tap_all(self, forged: list[Forged]) -> None:
        """Ada presses all of them at once; then what is stored of her is as it was."""
        self.said.clear()
        await asyncio.gather(*map(self._tap, forged))
        assert await self.store.load(ADA) == self.loaded
        kind_words = {Texts()(toast.text) for (toast,) in KIND_WORDS}
        bodies = [(word.kind, word.chat, json.loads(word.body)) for word in self.said]
        assert all((kind, chat) == ("answer", ADA) for kind, chat, _ in bodies)
        assert {body["text"] for _, _, body in bodies} <= kind_words
        assert len({body["callback_query_id"] for _, _, body in bodies}) == len(forged) == len(bodies)

    async def _tap(self, forged: Forged) -> None:
        number = next(self._numbers)
        who = {"id": ADA, "is_bot": False, "first_name": "Ada"}
        where = {"message_id": forged.message, "date": 1, "chat": {"id": ADA, "type": "private"}}
        query = {"id": str(number), "from": who, "message": where, "data": forged.data}
        update = Update.de_json(slim({"update_id": number, "callback_query": query}), None)
        learner = learner_of(update)
        assert learner is not None and update.callback_query is not None
        await self.chat.on_tap(update.callback_query, learner, UpdateKey(bot=1, update_id=number))

    def forgeries(self) -> st.SearchStrategy[Forged]:
        """Noise; foreign and guessed keys; her own keys on another message, with a foreign action, a wild argument."""
        text = st.text(max_size=6)
        action = st.sampled_from(Action)
        guessed = st.text("abcdefgh0123456789-_", min_size=8, max_size=8).filter(
            lambda key: key not in self.mine
        )
        keys = st.sampled_from(self.theirs) | guessed | st.just("")
        own = st.sampled_from(self.mine)
        misplaced = st.sampled_from(
            [(key, each) for key in self.mine for each in Action if each not in TAPS[self.kinds[key]]]
        )
        wild = st.sampled_from(
            [
                (key, each, argument)
                for key in self.mine
                for each, arguments in CHECKED.items()
                if each in TAPS[self.kinds[key]]
                for argument in arguments
            ]
        )
        here = st.just(OWN_PLACE)
        return st.one_of(
            st.builds(Forged, text.filter(lambda data: data.partition(":")[0] not in self.mine), here),
            st.builds(lambda *parts: Forged(":".join(parts), OWN_PLACE), keys, action, text),
            st.builds(lambda *parts: Forged(":".join(parts), ELSEWHERE), own, action, text),
            st.builds(lambda pair, rest: Forged(f"{pair[0]}:{pair[1]}:{rest}", OWN_PLACE), misplaced, text),
            st.builds(lambda parts: Forged(":".join(parts), OWN_PLACE), wild),
        )


def test_ten_thousand_forged_buttons_change_nothing(tmp_path: Path) -> None:
    """Hers and his screens, answers, runs and training stay as they were; each tap is answered once."""
    with asyncio.Runner() as runner:
        room = Room(tmp_path)
        runner.run(room.open())

        @settings(max_examples=EXAMPLES, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
        @given(st.lists(room.forgeries(), min_size=TAPS_EACH, max_size=TAPS_EACH))
        def press(forged: list[Forged]) -> None:
            for each in forged:
                room.work_out(each)
            runner.run(room.tap_all(forged[:WHOLE_WAY]))

        press()
        assert runner.run(room.exported()) == room.before
        runner.run(room.store.close())
    assert {"menu", "question", "lab", "ask-forget"} <= set(room.kinds.values())
    assert room.tapped >= 10_000
