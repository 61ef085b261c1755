"""Run attacks, one line a kind; exit status 1 when anything was found."""

import argparse
import importlib
import sys

from support.attack.frame import Plan

KINDS = ("syscalls", "streams", "signals", "elf", "caches")


def main() -> int:
    parser = argparse.ArgumentParser(prog="attack", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--seconds", type=float, help="time for all kinds together")
    parser.add_argument("--rounds", type=int, help="rounds of each kind, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--round", type=int, dest="first", default=0, help="begin at this round")
    options = parser.parse_args()
    kinds = options.kinds or KINDS
    if unknown := set(kinds) - set(KINDS):
        parser.error(f"no attack {', '.join(sorted(unknown))} (one of {', '.join(KINDS)})")
    failed = False
    for kind in kinds:
        seconds = None if options.seconds is None else options.seconds / len(kinds)
        module = importlib.import_module(f"support.attack.{kind}")
        plan = Plan(options.seed, seconds, options.rounds, options.first)
        report = module.run(plan)
        for finding in report.findings:
            print(f"{kind} round {finding.round}: {finding.what}\n{finding.details[-3000:]}")
        count = len(report.findings)
        print(f"{kind}: {report.rounds} rounds, {count} findings, seed {options.seed}", flush=True)
        failed = failed or bool(report.findings)
    if failed:
        print(f"repeat one: --seed {options.seed} --round N --rounds 1 KIND")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
