"""Carrying plans out: stage what can fail, commit what cannot.

Each symbol of a batch stands or falls alone, unless ``all_or_none`` is asked for.
"""

from collections.abc import Callable, Sequence
from time import perf_counter

from openbell.config.session_file import SessionFile
from openbell.errors import OpenbellError, Problem, StoreError
from openbell.feeds.replay import ReplayFeed
from openbell.provisioning.analysis import Analyst
from openbell.provisioning.commit import commit, commit_together, make_room
from openbell.provisioning.correction import Correction, Corrector, correction_problems
from openbell.provisioning.requirements import ProvisioningRequirements
from openbell.provisioning.result import ProvisioningResult, Status, StepReport
from openbell.provisioning.staging import Blocks, StagedSymbol, Stager
from openbell.provisioning.steps import LOADING, EvictSymbol
from openbell.session.session_data import SessionData
from openbell.store.manager import DataManager

REGISTER = "register_indicator"
Observer = Callable[[str, str], None]
Staging = tuple[StagedSymbol, tuple[StepReport, ...]] | ProvisioningResult


class Executor:
    """Carries out requirements against one session.

    Parameters
    ----------
    session, feed, data, file
        What is changed, where today's bars wait, what can be had, and what is promised.
    observer
        Called with symbol and step name before each step; what it raises fails that step.
    """

    def __init__(
        self,
        session: SessionData,
        feed: ReplayFeed,
        data: DataManager,
        file: SessionFile,
        observer: Observer | None = None,
    ) -> None:
        self._session, self._feed, self._data = session, feed, data
        self._observer = observer
        self.analyst = Analyst(session, data, file)

    def execute(
        self, plan: Sequence[ProvisioningRequirements], *, all_or_none: bool = False
    ) -> list[ProvisioningResult]:
        """Carry out a plan; one result per symbol, in order."""
        results = [self._refusal(requirements) for requirements in plan]
        going = [req for req, result in zip(plan, results, strict=True) if result is None]
        if all_or_none and len(going) < len(plan):
            going = []
        staged = self._stage(going)
        if all_or_none and any(isinstance(one, ProvisioningResult) for one in staged.values()):
            staged = {symbol: one for symbol, one in staged.items() if isinstance(one, ProvisioningResult)}
        ready = [one[0] for one in staged.values() if isinstance(one, tuple)]
        make_room(self._session, self._feed, ready)
        outcome = [
            result or self._outcome(requirements, staged.get(requirements.symbol))
            for requirements, result in zip(plan, results, strict=True)
        ]
        commit_together(self._session, self._feed, ready)
        return outcome

    def correct(self, correction: Correction) -> ProvisioningResult:
        """Put a late or corrected bar of today in place, with everything that depends on it, or nothing."""
        began = perf_counter()
        result = ProvisioningResult(correction.symbol, "correct", "user", Status.REFUSED, at=self._session.time.now)
        result.problems = tuple(correction_problems(self._session, correction))
        if not result.problems:
            stager = Stager(self._session, self._data)
            Corrector(self._session, self._feed, stager).correct(correction)
            result.status = Status.DONE
            result.steps = (StepReport(f"correct_{correction.interval}", perf_counter() - began, 1),)
        return result

    def _refusal(self, requirements: ProvisioningRequirements) -> ProvisioningResult | None:
        if not requirements.can_proceed:
            return self._result(requirements, Status.REFUSED)
        was, now = requirements.moment, self.analyst.moment
        if was != now:
            seen = "time has moved on" if was is None or was.now != now.now else "the session has changed"
            what = f"this plan was made for another state: {seen} since."
            stale = Problem(requirements.symbol, what, "Analyse again and execute the new plan.", code="stale")
            return self._result(requirements, Status.STALE, problems=(stale,))
        return None

    def _stage(self, plan: Sequence[ProvisioningRequirements]) -> dict[str, Staging]:
        stager = Stager(self._session, self._data)
        staged: dict[str, Staging] = {
            requirements.symbol: self._stage_one(stager, requirements, blocks)
            for requirements, blocks in stager.read(plan)
        }
        return self._settle(stager, staged)

    def _settle(self, stager: Stager, staged: dict[str, Staging]) -> dict[str, Staging]:
        """Warm new indicators up, many symbols at once; each symbol's step takes its share of the time."""
        going = {symbol: one for symbol, one in staged.items() if isinstance(one, tuple) and one[0].specs}
        began = perf_counter()
        failed = stager.settle([one for one, _ in going.values()])
        share = (perf_counter() - began) / max(1, len(going))
        for symbol, (one, reports) in going.items():
            if symbol in failed:
                staged[symbol] = self._raised(one.requirements, REGISTER, reports, failed[symbol])
            else:
                timed = (r._replace(seconds=r.seconds + share) if r.step == REGISTER else r for r in reports)
                staged[symbol] = (one, tuple(timed))
        return staged

    def _stage_one(
        self, stager: Stager, requirements: ProvisioningRequirements, blocks: Blocks | StoreError
    ) -> Staging:
        staged = StagedSymbol(requirements, self._session.records.get(requirements.symbol))
        reports: list[StepReport] = []
        for step in requirements.provisioning_steps:
            began = perf_counter()
            try:
                if self._observer is not None:
                    self._observer(requirements.symbol, str(step))
                if isinstance(blocks, StoreError):
                    if isinstance(step, LOADING):
                        raise blocks
                    bars = 0
                else:
                    bars = stager.step(staged, step, blocks)
            except Exception as error:  # whatever a user's indicator or observer raises fails this symbol only
                return self._raised(requirements, str(step), reports, error)
            about = step.symbol if isinstance(step, EvictSymbol) else ""
            reports.append(StepReport(str(step), perf_counter() - began, bars, about))
        return staged, tuple(reports)

    def _outcome(
        self,
        requirements: ProvisioningRequirements,
        staged: Staging | None,
    ) -> ProvisioningResult:
        if staged is None:
            what = "another symbol of the batch could not be had, and all or none was asked for."
            others = Problem(requirements.symbol, what, "See the other symbols' problems.", code="all_or_none")
            return self._result(requirements, Status.REFUSED, problems=(others,))
        if isinstance(staged, ProvisioningResult):
            return staged
        commit(self._session, self._feed, self._data, staged[0])
        status = Status.DONE if requirements.provisioning_steps else Status.NOTHING_TO_DO
        return self._result(requirements, status, steps=staged[1])

    def _raised(
        self, requirements: ProvisioningRequirements, step: str, reports: Sequence[StepReport], error: Exception
    ) -> ProvisioningResult:
        problems: tuple[Problem, ...]
        if isinstance(error, OpenbellError):
            problems = error.problems
        else:
            what = f"{type(error).__name__}: {error}"
            problems = (Problem(f"{requirements.symbol}/{step}", what, "Mend the cause and ask again.", "raised"),)
        return self._failure(requirements, step, reports, problems)

    def _failure(
        self,
        requirements: ProvisioningRequirements,
        step: str,
        reports: Sequence[StepReport],
        problems: tuple[Problem, ...],
    ) -> ProvisioningResult:
        result = self._result(requirements, Status.FAILED, steps=tuple(reports), problems=problems)
        result.failed_step = step
        return result

    def _result(
        self,
        requirements: ProvisioningRequirements,
        status: Status,
        *,
        steps: tuple[StepReport, ...] = (),
        problems: tuple[Problem, ...] = (),
    ) -> ProvisioningResult:
        return ProvisioningResult(
            symbol=requirements.symbol,
            operation=requirements.operation,
            source=requirements.source,
            status=status,
            steps=steps,
            problems=(*requirements.problems, *problems),
            at=self._session.time.now,
        )
