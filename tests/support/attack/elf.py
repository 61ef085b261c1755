"""Attack: damaged ELF files (``support/elf_mutation.py``)."""

from support import elf_mutation
from support.attack.frame import Finding, Plan, Report

NAME = "elf"
AT_ONCE = 50


def run(plan: Plan) -> Report:
    """Run mutants until the plan is over."""
    findings: list[Finding] = []
    done = 0
    while not plan.over(done):
        count = AT_ONCE if plan.rounds is None else min(AT_ONCE, plan.rounds - done)
        for failure in elf_mutation.campaign(count, plan.seed, first=plan.first + done):
            what = f"{failure.reason} of {failure.mutant.what}"
            shown = failure.stderr.decode(errors="replace")
            findings.append(Finding(failure.mutant.number, what, shown))
        done += count
    return Report(done, findings)
