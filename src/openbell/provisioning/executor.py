"""Carrying plans out: stage what can fail, commit what cannot.

Each symbol of a batch stands or falls alone, unless ``all_or_none`` is asked for.
"""

from collections.abc import Callable, Sequence
from time import perf_counter

from openbell.config.session_file import SessionFile
from openbell.errors import OpenbellError, Problem
from openbell.feeds.replay import ReplayFeed
from openbell.provisioning.analysis import Analyst
from openbell.provisioning.budget import beyond_budget
from openbell.provisioning.commit import committing, make_room
from openbell.provisioning.correction import Correction, Corrector, correction_problems
from openbell.provisioning.requirements import Moment, ProvisioningRequirements
from openbell.provisioning.result import ProvisioningResult, Status, StepReport
from openbell.provisioning.staged import Doing, StagedSymbol
from openbell.provisioning.staging import Stager
from openbell.provisioning.steps import LOADING, EvictSymbol, Step, evicted_by
from openbell.session.session_data import SessionData
from openbell.store.manager import DataManager

REGISTER = "register_indicator"
Observer = Callable[[str, str], None]
Failed = dict[str, ProvisioningResult]


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
        self._observer, self._budget = observer, file.budget
        self.analyst = Analyst(session, data, file)

    def execute(
        self, plan: Sequence[ProvisioningRequirements], *, all_or_none: bool = False
    ) -> list[ProvisioningResult]:
        """Carry out a plan; one result per symbol, in order."""
        now = self.analyst.moment
        refused = [self._refusal(requirements, now) for requirements in plan]
        going = [req for req, result in zip(plan, refused, strict=True) if result is None]
        if all_or_none and len(going) < len(plan):
            going = []
        staged, failed = self._stage(going)
        if all_or_none and failed:
            staged = {}
        self._leave_out(going, staged, failed)
        ready = [staged[one.symbol] for one in going if one.symbol in staged]
        make_room(self._session, self._feed, ready)
        with committing(self._session, self._feed, self._data, ready):
            return [
                result
                or failed.get(requirements.symbol)
                or self._outcome(requirements, staged.get(requirements.symbol))
                for requirements, result in zip(plan, refused, strict=True)
            ]

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

    def _refusal(self, requirements: ProvisioningRequirements, now: Moment) -> ProvisioningResult | None:
        if not requirements.can_proceed:
            return self._result(requirements, Status.REFUSED)
        was, steps = requirements.moment, requirements.provisioning_steps
        if was is not now and was != now:
            return self._stale(requirements, f"this plan was made for another {_parted(was, now)}.")
        stay = [name for name in evicted_by(steps) if not self._session.is_unheld(name)]
        if stay:
            return self._stale(requirements, f"this plan takes {stay[0]} out, which was locked since.")
        return None

    def _leave_out(
        self, plan: Sequence[ProvisioningRequirements], staged: dict[str, StagedSymbol], failed: Failed
    ) -> None:
        """Where somebody failed whose steps would have made room, nobody else counts on that."""
        if not failed or not any(evicted_by(one.provisioning_steps) for one in plan if one.symbol in failed):
            return
        ready = [one for one in plan if one.symbol in staged]
        for one in beyond_budget(ready, self._session, self._budget):
            del staged[one.symbol]
            failed[one.symbol] = self._stale(
                one, "this plan counts on room that another one of its batch failed to make."
            )

    def _stale(self, requirements: ProvisioningRequirements, what: str) -> ProvisioningResult:
        stale = Problem(requirements.symbol, what, "Analyse again and execute the new plan.", code="stale")
        return self._result(requirements, Status.STALE, problems=(stale,))

    def _stage(self, plan: Sequence[ProvisioningRequirements]) -> tuple[dict[str, StagedSymbol], Failed]:
        """Every symbol made ready, or what became of it; those that are alike are made ready together."""
        stager = Stager(self._session, self._data)
        staged: dict[str, StagedSymbol] = {}
        failed: Failed = {}
        for group in stager.read(plan):
            for one in self._stage_group(stager, group, failed):
                staged[one.requirements.symbol] = one
        self._settle(stager, staged, failed)
        return staged, failed

    def _stage_group(self, stager: Stager, group: list[StagedSymbol], failed: Failed) -> list[StagedSymbol]:
        """Symbols with the same steps, step by step, each with its share of the time; those that are ready then."""
        reports = group[0].doing.reports
        for step in group[0].requirements.provisioning_steps:
            began, about = perf_counter(), step.symbol if isinstance(step, EvictSymbol) else ""
            reads = isinstance(step, LOADING)
            if self._observer is not None or (reads and any(one.unread for one in group)):
                group = [one for one in group if self._begins(one, step, failed)]
            group = self._carried_out(stager, group, step, failed)
            if not group:
                break
            reports.append(StepReport(str(step), (perf_counter() - began) / len(group), 0, about))
        return group

    def _begins(self, staged: StagedSymbol, step: Step, failed: Failed) -> bool:
        """Whether a symbol's step can be carried out at all; whatever an observer raises fails this symbol only."""
        try:
            if self._observer is not None:
                self._observer(staged.requirements.symbol, str(step))
            if staged.unread is not None and isinstance(step, LOADING):
                raise staged.unread
        except Exception as error:
            self._fail(staged, str(step), error, failed)
            return False
        return True

    def _carried_out(self, stager: Stager, group: list[StagedSymbol], step: Step, failed: Failed) -> list[StagedSymbol]:
        """Those for which a step succeeded; where it raises for many, each of them has it alone."""
        try:
            if group:
                stager.step(group, step)
        except Exception as error:  # a user's indicator may raise anything
            if len(group) == 1:
                self._fail(group[0], str(step), error, failed)
                return []
            return [one for one in group if self._carried_out(stager, [one], step, failed)]
        return group

    def _settle(self, stager: Stager, staged: dict[str, StagedSymbol], failed: Failed) -> None:
        """Warm new indicators up, many symbols at once; each symbol's step takes its share of the time."""
        going = [one for one in staged.values() if one.specs]
        began = perf_counter()
        errors = stager.settle(going)
        share = (perf_counter() - began) / max(1, len(going))
        for symbol, error in errors.items():
            late = staged.pop(symbol)
            self._fail(late, REGISTER, error, failed, _register(late.doing))
        for doing in dict.fromkeys(one.doing for one in going):
            place = _register(doing)
            step, seconds, bars, about = doing.reports[place]
            doing.reports[place] = StepReport(step, seconds + share, bars, about)

    def _fail(self, staged: StagedSymbol, step: str, error: Exception, failed: Failed, done: int | None = None) -> None:
        """Note that a step failed, behind so many that were done; where that is not said, behind all so far."""
        requirements = staged.requirements
        problems: tuple[Problem, ...]
        if isinstance(error, OpenbellError):
            problems = error.problems
        else:
            what = f"{type(error).__name__}: {error}"
            problems = (Problem(f"{requirements.symbol}/{step}", what, "Mend the cause and ask again.", "raised"),)
        steps = staged.doing.told(requirements.reads, done)
        result = self._result(requirements, Status.FAILED, steps=steps, problems=problems)
        result.failed_step = step
        failed[requirements.symbol] = result

    def _outcome(self, requirements: ProvisioningRequirements, staged: StagedSymbol | None) -> ProvisioningResult:
        if staged is None:
            what = "another symbol of the batch could not be had, and all or none was asked for."
            others = Problem(requirements.symbol, what, "See the other symbols' problems.", code="all_or_none")
            return self._result(requirements, Status.REFUSED, problems=(others,))
        status = Status.DONE if requirements.provisioning_steps else Status.NOTHING_TO_DO
        return self._result(requirements, status, steps=staged.doing.told(requirements.reads))

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


def _parted(was: Moment | None, now: Moment) -> str:
    """What parts the state that a plan was made for from the one that is there."""
    if was is None or (was.day, was.now) != (now.day, now.now):
        return "state: time has moved on since"
    if was.revision < now.revision:
        return "state: the session has changed since"
    return "session, in which other things are asked for"


def _register(doing: Doing) -> int:
    """Where among the steps that are done indicators were registered."""
    return [report.step for report in doing.reports].index(REGISTER)
