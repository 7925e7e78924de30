"""The other end of an errand: procrastinate's worker on a trainer's machine. The only user of procrastinate itself.

Law: an answer is stored before the job ends, so that a kill in between has the errand done again, to the same
bits. A worker shows a sign of life every `BEAT_S`; whose signs stop, has its jobs given to others by whoever is alive.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

import asyncpg
import procrastinate
from procrastinate import JobContext, exceptions, jobs
from procrastinate.job_context import AbortReason
from psycopg import OperationalError

from bot.errors import StoreError
from bot.store.postgres import queueing, schema
from bot.store.postgres.faults import ERRORS, fault, place_of, told

BEAT_S = 2.0
STALLED_S = 7.0  # three beats missed
LOOK_S = 2.0  # between two looks for what a dead trainer had in hand
POLL_S = 1.0  # longest an errand waits whose notice came before anybody listened, or was lost
TRIES = 5  # of an errand whose trainer fails outside of it
ANSWER_S = 30.0  # the server's longest silence at the start
CLOSE_S = 0.5
FINISH_S = 6.0  # that a stop gives to what runs
log = logging.getLogger(__name__)


class Answer(Protocol):
    """What came of an errand."""

    @property
    def result(self) -> str | None:
        """Numbers, as JSON."""

    @property
    def picture(self) -> bytes | None:
        """PNG."""

    @property
    def failure(self) -> str | None:
        """Why there is neither."""


Work = Callable[[str, str], Awaitable[Answer]]  # kind and body to the answer


async def prepare(url: str) -> None:
    """Bring the schema up to date; StoreError for what cannot be used."""
    place = place_of(url)
    try:
        settings = {"search_path": f'"{schema.SCHEMA}"'}
        db = await asyncpg.connect(url, server_settings=settings, timeout=10, command_timeout=ANSWER_S)
        try:
            await schema.bring_up_to_date(db, schema.SCHEMA, place, queued=True)
        finally:
            with suppress(*ERRORS):  # a silent server is hung up on
                await db.close(timeout=CLOSE_S)
    except ERRORS as error:
        raise told(place, error) from error


async def run_worker(url: str, work: Work, *, at_once: int, ready: Callable[[], None]) -> None:
    """Run errands until cancelled, which lets what runs finish; StoreError when the database goes away."""
    settings = f"-c search_path={schema.SCHEMA} -c synchronous_commit=on"
    connector = procrastinate.PsycopgConnector(
        conninfo=url,
        kwargs={"options": settings, "application_name": "nabla-trainer"},
        min_size=1,
        max_size=at_once + 3,  # each errand, the ear, the heart, the look
        timeout=10,
    )
    app = procrastinate.App(connector=connector)
    _task(app, work)
    try:
        async with app.open_async():
            looking = asyncio.create_task(_look_on(app))
            ready()
            try:
                await app.run_worker_async(
                    queues=[queueing.QUEUE],
                    concurrency=at_once,
                    delete_jobs=jobs.DeleteJobCondition.ALWAYS,
                    install_signal_handlers=False,
                    update_heartbeat_interval=BEAT_S,
                    stalled_worker_timeout=STALLED_S,
                    fetch_job_polling_interval=POLL_S,
                    shutdown_graceful_timeout=FINISH_S,
                )
            finally:
                looking.cancel()
                await asyncio.wait({looking})
    except (exceptions.ConnectorException, OperationalError, *ERRORS) as error:
        raise _gone(url) from error
    raise _gone(url)


def _gone(url: str) -> StoreError:
    return fault(
        place_of(url), "went away", "start the trainer again when it is there; its errands are done then"
    )


def _task(app: procrastinate.App, work: Work) -> None:
    """The one task: do an errand, unless nobody wants it any more."""
    retry = procrastinate.RetryStrategy(max_attempts=TRIES, wait=1)

    @app.task(name=queueing.TASK, queue=queueing.QUEUE, retry=retry, pass_context=True)
    async def errand(context: JobContext, code: str) -> None:
        wanted = await app.connector.execute_query_all_async(_WANTED, code=code)
        if not wanted:
            return
        try:
            answer = await work(str(wanted[0]["kind"]), str(wanted[0]["body"]))
        except asyncio.CancelledError:
            if context.abort_reason() is AbortReason.USER_REQUEST:
                raise exceptions.JobAborted from None  # else it would be tried again
            raise
        values: dict[str, Any] = {
            "result": answer.result, "picture": answer.picture, "failure": answer.failure
        }  # fmt: skip
        await app.connector.execute_query_async(_STORE, code=code, channel=queueing.CHANNEL, **values)


_WANTED = "SELECT kind, body FROM errands WHERE code = %(code)s AND done_at IS NULL"
_STORE = """WITH stored AS (
    UPDATE errands SET result = %(result)s, picture = %(picture)s, failure = %(failure)s,
        done_at = clock_timestamp() WHERE code = %(code)s AND done_at IS NULL RETURNING code
) SELECT pg_notify(%(channel)s, code) FROM stored"""


async def _look_on(app: procrastinate.App) -> None:
    """Give the jobs of dead trainers back to the queue."""
    manager = app.job_manager
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
                await _give_back(manager, job)
        except Exception as error:  # noqa: BLE001 (the next look may reach the server)
            log.warning("stalled trainings were not looked for: %s", type(error).__name__)


async def _give_back(manager: Any, job: jobs.Job) -> None:
    try:
        await manager.retry_job(job)
    except exceptions.UniqueViolation:
        # The learner waits for another training by now: nobody wants this one.
        await manager.finish_job(job, jobs.Status.FAILED, delete_job=True)
    except exceptions.ConnectorException:
        log.info("training job %s was given back by another trainer", job.id)
    else:
        log.warning("training job %s is done again: its trainer shows no sign of life", job.id)
