"""What the store keeps as JSON, as values: a run, a post as one person sees it, an experiment's run, a session."""

import json
from dataclasses import dataclass
from typing import Any

from bot.core import class_experiment
from bot.core.class_experiment import Experiment
from bot.core.events import SeenPost, SharedRun
from bot.core.experiment import Spec, Verdict, from_json, to_json
from bot.core.posting import Phase, Posting
from bot.core.state import Session
from bot.store.base import Post, PostAnswer, Remembered
from bot.store.groups import Activity, Ballot
from bot.tutor.learner import Learner


def dumps(body: Any) -> str:
    """JSON for the store and the wire; halves of characters survive as escapes."""
    return json.dumps(body, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """A run as it is kept under its code: what was trained, and what had been predicted."""

    lesson: str
    prediction: Verdict
    spec: Spec

    def as_json(self) -> str:
        """For the store."""
        return json.dumps(
            {"lesson": self.lesson, "prediction": self.prediction, "spec": to_json(self.spec)},
            allow_nan=False,
        )

    @classmethod
    def parse(cls, body: str) -> "Replay":
        """From the store."""
        fields = json.loads(body)
        return cls(
            lesson=fields["lesson"],
            prediction=Verdict(fields["prediction"]),
            spec=from_json(Spec, fields["spec"]),
        )


def may_close(post: Post) -> bool:
    """Whether a posting of the same code watches over a post."""
    return bool(json.loads(post.body).get("closes"))


def closing(activity: Activity | None) -> Posting | None:
    """The state of the posting that a post came from; None if it came from none."""
    return Posting.model_validate_json(activity.body) if activity else None


def seen_post(
    post: Post, answer: PostAnswer | None, posting: Activity | None = None, late: Ballot | None = None
) -> SeenPost | None:
    """A question post as a person sees it; None for a step."""
    if post.question is None:
        return None
    body, state = json.loads(post.body), closing(posting)
    return SeenPost(
        code=post.code,
        lesson=post.lesson,
        question=post.question,
        order=tuple(body["order"]),
        seen=body["seen"],
        chosen=answer.option if answer else None,
        closed=state is not None and state.phase in (Phase.CLOSING, Phase.CLOSED),
        late=late.choice if late else None,
        while_at=posting.version if posting and not posting.over else None,
        whispers=body.get("whispers", False),
        chat=post.chat,
        thread=body.get("thread"),
    )


def session_of(remembered: Remembered, learner: Learner) -> Session:
    """The session as it was left, with the language that Telegram tells now."""
    session = Session.model_validate_json(remembered.session) if remembered.session else Session()
    if learner.language and learner.language != session.tongue:
        session = session.model_copy(update={"tongue": learner.language})
    return session


def shared_experiment(activity: Activity) -> SharedRun | None:
    """The most wanted run of a class experiment, for anybody to repeat; None before it was shown."""
    if activity.kind != class_experiment.KIND:
        return None
    state = Experiment.model_validate_json(activity.body)
    if not state.ran:
        return None
    return SharedRun(lesson=state.subject.lesson, spec=class_experiment.spec(state, state.ran[0]))
